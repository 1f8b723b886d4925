import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { HoldOptions, ReplayOptions } from '../src/core/options.ts'
import { holdFor, holdOutlook, type Protocol, protocolOf, protocols } from '../src/hold/replay/protocols.ts'
import { replayProtocols } from '../src/hold/replay/replay.ts'

const hold = (replay: ReplayOptions, state: HoldOptions['state'] = 'auto'): HoldOptions => ({
  for: 1,
  on: ['lost'],
  state,
  buffer: 1,
  replay,
})
const auto = hold({ by: 'auto' })

describe('the table of protocols', () => {
  const page = new URL('../../../docs/applications.md', import.meta.url)

  test('is what docs/applications.md shows, row by row; UPDATE_DOCS=1 writes it', () => {
    const line = ({ name, recognised, replay, measured }: Protocol) =>
      `| ${name} | ${recognised} | ${replay ? `\`replay: ${replay}\`` : 'never held'} | ${measured} |`
    const table = [
      '| protocol | recognised by | `hold: {}` | measured |',
      '|---|---|---|---|',
      ...protocols.map(line),
    ].join('\n')
    const text = readFileSync(page, 'utf8')
    const wanted = text.replace(
      /(<!-- protocols -->\n)[\s\S]*(<!-- end of protocols -->)/,
      (_, begin, end) => `${begin}${table}\n${end}`,
    )
    if (process.env.UPDATE_DOCS) writeFileSync(page, wanted)
    expect(readFileSync(page, 'utf8')).toBe(wanted)
  })

  test('names modules that exist, and says in each row how it is recognised and what was measured', () => {
    for (const { name, replay, subprotocols, target, first, recognised, measured } of protocols) {
      if (replay !== undefined) expect(replayProtocols).toContain(replay)
      expect([name, [subprotocols, target, first].filter(Boolean).length > 0]).toEqual([name, true])
      for (const words of [name, recognised, measured]) expect(words).toMatch(/\S/)
    }
  })

  test('names every module that ships', () => {
    expect(new Set(protocols.flatMap(({ replay }) => replay ?? []))).toEqual(new Set(replayProtocols))
  })

  test('each subprotocol stands in one row', () => {
    const all = protocols.flatMap(({ subprotocols = [] }) => subprotocols)
    expect(new Set(all).size).toBe(all.length)
  })

  test.each([
    ['/socket.io/?EIO=4&transport=websocket', 'Socket.IO and Engine.IO over WebSocket'],
    ['/x?transport=websocket&t=1&EIO=4&sid=abc', 'Socket.IO and Engine.IO over WebSocket'],
    ['/socket.io/?EIO=4&transport=polling', undefined],
    ['/socket.io?xEIO=4&transport=websocket', undefined],
    ['/socket/websocket?vsn=2.0.0', 'Phoenix channels'],
    ['/live/websocket?_csrf_token=a&vsn=2.0.0', 'Phoenix channels'],
    ['/socket/websocket?token=a', undefined],
    ['/socket/websockets?vsn=2.0.0', undefined],
    ['/echo/000/a1b2c3d4/websocket', 'SockJS'],
    ['/echo/000/a1b2c3d4/websocket?x=1', 'SockJS'],
    ['/echo/00/a1b2c3d4/websocket', undefined],
    ['/chat?back=/echo/000/a1b2c3d4/websocket', undefined],
    ['/', undefined],
  ])('%s is %s', (target, name) => {
    expect(protocolOf(target, undefined)?.name).toBe(name)
  })
})

describe('what a connection gets', () => {
  const socketIo = '/socket.io/?EIO=4&transport=websocket'
  const first: ReplayOptions = { by: 'first', messages: 2 }
  const own: ReplayOptions = { by: 'file', path: '/a' }
  const stomp: ReplayOptions = { by: 'protocol', name: 'stomp' }
  const none: ReplayOptions = { by: 'none' }

  test.each([
    ['a recognised protocol, its replay', auto, '/', 'v12.stomp', stomp],
    ['one that is never held, nothing', auto, socketIo, undefined, undefined],
    ['an unknown one, what its messages will say', auto, '/', 'chat.v1', { by: 'auto' }],
    ['with replay: none, none', hold(none), '/', 'v12.stomp', none],
    ['with replay: none, never what is never held', hold(none), socketIo, undefined, undefined],
    ["the user's own module, whatever is spoken", hold(own), socketIo, undefined, own],
    ['a protocol that the user names', hold(stomp), '/', undefined, stomp],
    ['first messages, where they restore something', hold(first), '/', 'chat.v1', first],
    ['first messages, in place of a replay that is recognised', hold(first), '/', 'v12.stomp', first],
    ['no first messages of what cannot be said again', hold(first), socketIo, undefined, undefined],
    ['with state: none, no replay', hold({ by: 'auto' }, 'none'), '/', 'v12.stomp', none],
    ['with state: none, a hold in any case', hold({ by: 'auto' }, 'none'), socketIo, undefined, none],
    ['with state: none, a replay that is asked for', hold(stomp, 'none'), '/', undefined, stomp],
  ])('%s', (_, options, target, protocol, replay) => {
    expect(holdFor(options, target, protocol)?.replay).toEqual(replay)
  })

  test('is not known before a subprotocol is selected: any that is offered may be', () => {
    expect(holdOutlook(auto, '/', ['graphql-ws', 'graphql-transport-ws'])).toEqual({
      holds: true,
      reads: true,
    })
    expect(holdOutlook(auto, '/', ['graphql-ws'])).toEqual({ holds: false, reads: false })
    expect(holdOutlook(auto, '/', ['chat'])).toEqual({ holds: true, reads: false })
    expect(holdOutlook(auto, '/', [])).toEqual({ holds: true, reads: false })
    expect(holdOutlook(hold(first), '/', [])).toEqual({ holds: true, reads: true })
    expect(holdOutlook(undefined, '/', [])).toEqual({ holds: false, reads: false })
  })
})
