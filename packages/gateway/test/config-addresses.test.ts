import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addressPattern,
  collide,
  isLoopback,
  originPattern,
  pathPattern,
  readAddress,
  readHostPattern,
  readOrigin,
  readPathPattern,
  readRange,
  readUpstream,
  upstreamPattern,
} from '../src/config/addresses.ts'
import { Wrong } from '../src/config/errors.ts'
import { anyText } from './config-text.ts'

const fixOf = (result: unknown) => {
  expect(result).toBeInstanceOf(Wrong)
  return (result as Wrong).fix
}

describe('readAddress', () => {
  test.each([
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['[::1]:8080', '::1', 8080],
    ['[FE80::1]:0', 'fe80::1', 0],
    ['LocalHost:65535', 'localhost', 65535],
    ['my_host-1.example.com:80', 'my_host-1.example.com', 80],
  ])('reads %s', (text, host, port) => {
    expect(readAddress(text)).toEqual({ host, port })
    expect(text).toMatch(new RegExp(addressPattern))
  })

  test.each([
    ['8080', 'write 127.0.0.1:8080, or 0.0.0.0:8080 for every interface'],
    [':8080', 'write 127.0.0.1:8080, or 0.0.0.0:8080 for every interface'],
    ['*:8080', 'write 127.0.0.1:8080, or 0.0.0.0:8080 for every interface'],
    ['ws://127.0.0.1:8080', 'leave the scheme out; a tls key makes it wss'],
    ['::1', 'write [::1]:8080'],
    ['127.0.0.1', 'write 127.0.0.1:8080'],
    ['::1:8080', 'write [::1]:8080'],
    ['127.0.0.1:65536', undefined],
    ['127.0.0.256:80', undefined],
    ['[127.0.0.1]:80', undefined],
    ['[fe80::1%eth0]:80', undefined],
    ['a b:80', undefined],
    ['-a:80', undefined],
    ['a:80 ', undefined],
    ['', undefined],
  ])('refuses %j and proposes: %s', (text, fix) => {
    expect(fixOf(readAddress(text))).toBe(fix)
  })
})

describe('readUpstream', () => {
  test.each([
    ['ws://10.0.0.1:3000', 'ws://10.0.0.1:3000', false, '10.0.0.1', 3000, ''],
    ['http://Localhost:3000/', 'ws://localhost:3000', false, 'localhost', 3000, ''],
    ['https://a', 'wss://a', true, 'a', 443, ''],
    ['WSS://a:443/base/', 'wss://a/base', true, 'a', 443, '/base'],
    ['ws://a:80', 'ws://a', false, 'a', 80, ''],
    ['ws://[::1]:3000/x', 'ws://[::1]:3000/x', false, '::1', 3000, '/x'],
    ['ws://bücher.example', 'ws://xn--bcher-kva.example', false, 'xn--bcher-kva.example', 80, ''],
  ])('reads %s', (text, name, tls, host, port, path) => {
    expect(readUpstream(text)).toEqual({ name, tls, host, port, path })
    expect(text.toLowerCase()).toMatch(new RegExp(upstreamPattern))
  })

  test.each([
    ['localhost:3000', 'write ws://localhost:3000'],
    ['localhost:3000/ws', 'write ws://localhost:3000/ws'],
    ['wsss://a:1', "did you mean 'wss://a:1'?"],
    ['tcp://a', undefined],
    ['ws://', undefined],
    ['ws://a:99999', undefined],
    ['ws://a b', undefined],
    ['ws://a\tb', undefined],
    ['ws://a:0', 'write the port that the server listens on'],
    ['ws://a/?', 'the request brings its own'],
    ['ws://a/#', 'leave out the # and what follows'],
    ['', undefined],
  ])('refuses %j and proposes: %s', (text, fix) => {
    expect(fixOf(readUpstream(text))).toBe(fix)
  })

  test('never shows a password', () => {
    const texts = [
      'ws://u:hunter2@a',
      'wsss://u:hunter2@a',
      'u:hunter2@a:80',
      'ws://u:hunter2@a b',
      'ws://hunter2@:x',
    ]
    for (const text of texts) expect(JSON.stringify(readUpstream(text))).not.toContain('hunter2')
  })

  test('gives one upstream one name: the name reads as itself', () => {
    fc.assert(
      fc.property(fc.webUrl({ validSchemes: ['ws', 'wss', 'http', 'https'] }), (url) => {
        const first = readUpstream(url)
        if (!(first instanceof Wrong)) expect(readUpstream(first.name)).toEqual(first)
      }),
    )
  })
})

describe('readOrigin', () => {
  test.each([
    ['https://chat.example.com', 'https://chat.example.com'],
    ['HTTPS://Chat.Example.com:443', 'https://chat.example.com'],
    ['http://localhost:5173', 'http://localhost:5173'],
    ['chrome-extension://AbC', 'chrome-extension://abc'],
    ['null', 'null'],
  ])('reads %s', (text, expected) => {
    expect(readOrigin(text)).toBe(expected)
    expect(text).toMatch(new RegExp(originPattern))
  })

  test.each([
    ['https://chat.example.com/', 'write https://chat.example.com'],
    ['https://chat.example.com/app?x', 'write https://chat.example.com'],
    ['wss://chat.example.com', 'write https://chat.example.com'],
    ['*', 'leave origins out to allow every origin'],
    ['chat.example.com', undefined],
    ['https://u:p@chat.example.com', undefined],
    ['https://a b', undefined],
    ['https://a:99999', undefined],
    ['', undefined],
  ])('refuses %j and proposes: %s', (text, fix) => {
    expect(fixOf(readOrigin(text))).toBe(fix)
  })
})

describe('readRange', () => {
  test.each(['10.0.0.0/8', '10.1.2.3', '::1', '2001:db8::/32', '0.0.0.0/0'])('reads %s', (text) => {
    expect(readRange(text)).toBe(text)
  })

  test.each(['10.0.0.0/33', '::/129', '10.0.0/8', 'localhost', '10.0.0.0/', '10.0.0.0/8/8', ''])(
    'refuses %s',
    (text) => {
      expect(readRange(text)).toBeInstanceOf(Wrong)
    },
  )
})

describe('readHostPattern', () => {
  test.each([
    ['Chat.Example.com', 'chat.example.com'],
    ['chat.example.com.', 'chat.example.com'],
    ['*.Example.com', '*.example.com'],
    ['bücher.example', 'xn--bcher-kva.example'],
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '[::1]'],
    ['[0:0::1]', '[::1]'],
  ])('reads %s', (text, expected) => {
    expect(readHostPattern(text)).toBe(expected)
  })

  test.each([
    ['*', 'leave host out to match every host'],
    ['chat.example.com:80', 'leave the port out; a route serves every listener'],
    ['https://chat.example.com', 'leave the scheme out'],
    ['chat.example.com/ws', 'put the path into match.path'],
    ['a.*.com', undefined],
    ['*a.com', undefined],
    ['*.', undefined],
    ['', undefined],
  ])('refuses %j and proposes: %s', (text, fix) => {
    expect(fixOf(readHostPattern(text))).toBe(fix)
  })
})

describe('readPathPattern', () => {
  test.each(['/', '/*', '/ws', '/ws*', '/ws/*', '/チャット', '/.well-known/*', '/a..b'])(
    'reads %s',
    (text) => {
      expect(readPathPattern(text)).toBe(text)
      expect(text).toMatch(new RegExp(pathPattern))
    },
  )

  test.each([
    ['ws', 'write /ws'],
    ['/a/*/b', 'write a route for each beginning'],
    ['/a**', 'write /a*'],
    ['/%77s', undefined],
    ['/ws?x', undefined],
    ['/ws#x', undefined],
    ['/a b', undefined],
    ['/a\\b', undefined],
    ['//a', undefined],
    ['/a/../b', undefined],
    ['/a/..', undefined],
    ['/ws/.*', 'write /ws/*'],
    ['', 'write /'],
  ])('refuses %j and proposes: %s', (text, fix) => {
    expect(fixOf(readPathPattern(text))).toBe(fix)
  })
})

test.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['127.example.com', false],
  ['localhost.example.com', false],
])('isLoopback(%s) is %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})

test.each([
  ['127.0.0.1', 1, '127.0.0.1', 1, true],
  ['127.0.0.1', 0, '127.0.0.1', 0, false],
  ['127.0.0.1', 1, '127.0.0.1', 2, false],
  ['0.0.0.0', 1, '127.0.0.1', 1, true],
  ['::', 1, '127.0.0.1', 1, true],
  ['0.0.0.0', 1, '::1', 1, false],
  ['127.0.0.1', 1, '127.0.0.2', 1, false],
])('%s:%i and %s:%i collide: %s', (a, m, b, n, expected) => {
  expect(collide({ host: a, port: m }, { host: b, port: n })).toBe(expected)
  expect(collide({ host: b, port: n }, { host: a, port: m })).toBe(expected)
})

test('no reader throws on any text', () => {
  const readers = [readAddress, readUpstream, readOrigin, readRange, readHostPattern, readPathPattern]
  const alphabet = fc.constantFrom(...'abz019.:/*[]@?#%-_ \\\t', 'ws://', 'https://', '\u202e', 'é')
  const text = fc.oneof(anyText(), fc.string({ unit: alphabet, maxLength: 20 }))
  fc.assert(
    fc.property(text, (value) => {
      for (const read of readers) read(value)
    }),
    { numRuns: 2_000 },
  )
})
