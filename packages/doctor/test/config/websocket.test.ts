import { describe, expect, test } from 'vitest'
import { duration, idleLevel, looksLikeWebSocket } from '../../src/config/websocket.ts'

describe('what the readers know of WebSockets', () => {
  test.each([
    '/ws',
    '/ws/',
    '/api/websocket',
    'chat_ws',
    'wss',
    '^/socket\\.io/',
    '/sockjs-node',
    '/cable',
    'ws-svc',
  ])('%s looks like a WebSocket', (name) => expect(looksLikeWebSocket(name)).toBe(true))

  test.each(['/', '/api', '/news', '/aws', '/browse', 'websocketless', '/github'])('%s does not', (name) =>
    expect(looksLikeWebSocket(name)).toBe(false),
  )

  test.each([
    ['60', 's', 60_000],
    ['1m30s', 's', 90_000],
    ['1h 30m', 's', 5_400_000],
    ['0.5s', 's', 500],
    ['50000', 'ms', 50_000],
    ['10000000000', 'ns', 10_000],
    ['abc', 's', undefined],
    ['5 parsecs', 's', undefined],
    ['', 's', undefined],
    ['1'.repeat(200), 's', 1000 * Number('1'.repeat(200))],
  ])('%s in %s is a time', (text, unit, ms) => expect(duration(text, unit)).toBe(ms))

  test('a limit on silence is judged by how often servers ping', () => {
    expect([5_000, 20_000, 59_999, 60_000, 60_001, 0, undefined].map(idleLevel)).toEqual([
      'error',
      'warning',
      'warning',
      'warning',
      undefined,
      undefined,
      undefined,
    ])
  })
})
