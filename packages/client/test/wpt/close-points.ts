// What web-platform-tests ask of close(). Runs in every runtime.
import { equal, event, throws } from './assert.ts'
import { pointList, wrong } from './point.ts'

const { points, point } = pointList()
export const closePoints = points

for (const code of [
  0,
  500,
  999,
  1001,
  1005,
  1006,
  1012,
  2999,
  5000,
  Number.NaN,
  'string',
  null,
  0x10000 + 1000,
])
  point(
    'close-invalid.any.js, Close-0, -NaN, -null, -string, -2999-reason',
    `throws InvalidAccessError for close(${code})`,
    async (make) => {
      const socket = make()
      throws('InvalidAccessError', () => socket.close(wrong(code)))
      await event(socket, 'open')
      throws('InvalidAccessError', () => socket.close(wrong(code), 'reason'))
      equal(socket.readyState, 1)
      socket.close()
    },
  )
for (const [code, seen] of [
  [1000, 1000],
  [3000, 3000],
  [4999, 4999],
  [undefined, 1005],
  ['3001', 3001],
  [3000.4, 3000],
] as const)
  point(
    'Close-1000, -1005-verify-code, -3000-reason, -4999-reason, -undefined',
    `reports ${seen} after close(${code})`,
    async (make) => {
      const socket = make()
      await event(socket, 'open')
      equal(socket.close(wrong(code)), undefined)
      const close = await event(socket, 'close')
      equal(close.code, seen)
      equal(close.wasClean, true)
    },
  )
point(
  'Close-Reason-124Bytes.any.js',
  'throws SyntaxError for a reason of 124 bytes, not for 123',
  async (make) => {
    const socket = make()
    await event(socket, 'open')
    throws('SyntaxError', () => socket.close(1000, 'x'.repeat(124)))
    throws('SyntaxError', () => socket.close(1000, '€'.repeat(42)))
    socket.close(1000, '€'.repeat(41))
    equal((await event(socket, 'close')).reason, '€'.repeat(41))
  },
)
point(
  'Close-reason-unpaired-surrogates.any.js',
  'makes U+FFFD of half a surrogate pair in a reason',
  async (make) => {
    const socket = make()
    await event(socket, 'open')
    socket.close(1000, '\ud807')
    equal((await event(socket, 'close')).reason, '\ufffd')
  },
)
point('Close-onlyReason.any.js', 'throws InvalidAccessError for a reason without a code', async (make) => {
  const socket = make()
  throws('InvalidAccessError', () => socket.close(wrong('Close with only reason')))
  socket.close()
})
point(
  'Close-server-initiated-close.any.js',
  'reports the code and reason of the server',
  async (make, { closes }) => {
    const socket = make(closes)
    await event(socket, 'open')
    socket.send('Goodbye')
    const close = await event(socket, 'close')
    equal(close.wasClean, true)
    equal(close.code, 1000)
    equal(close.reason, 'you asked for it')
  },
)
point(
  'interfaces/WebSocket/close/close-connecting-async.any.js',
  'dispatches error and close after close() has returned',
  async (make, { silent }) => {
    const socket = make(silent)
    let returned = false
    const seen: string[] = []
    for (const name of ['error', 'close'] as const) {
      socket.addEventListener(name, () => seen.push(`${name} ${returned} ${socket.readyState}`))
    }
    socket.close()
    returned = true
    equal(socket.readyState, 2)
    const close = await event(socket, 'close')
    equal(seen.join(), 'error true 3,close true 3')
    equal(close.code, 1006)
    equal(close.wasClean, false)
  },
)
point(
  'interfaces/WebSocket/close/close-multiple, close-nested',
  'dispatches one close, whatever is called in it',
  async (make) => {
    const socket = make()
    let closes = 0
    await event(socket, 'open')
    socket.addEventListener('close', () => {
      closes++
      socket.close(1000)
    })
    socket.close()
    socket.close()
    await event(socket, 'close')
    await new Promise((resolve) => setTimeout(resolve, 20))
    equal(closes, 1)
  },
)
point('interfaces/CloseEvent/clean-close', 'has a clean close event of its own', async (make) => {
  const socket = make()
  await event(socket, 'open')
  socket.close()
  const close = await event(socket, 'close')
  equal(close.type, 'close')
  equal(close.reason, '')
  equal(wrong<{ retryIn: unknown }>(close).retryIn, null)
})
point('closing-handshake/*', 'gives no message that comes after close()', async (make) => {
  const socket = make()
  await event(socket, 'open')
  let messages = 0
  socket.addEventListener('message', () => messages++)
  socket.send('a')
  socket.close()
  await event(socket, 'close')
  equal(messages, 0)
})
