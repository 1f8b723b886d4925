import { readFileSync } from 'node:fs'
import { privateCodes } from '@holdfast/close-codes/private-codes'
import { describe, expect, it } from 'vitest'
import { closeEvent } from '../src/close-event.ts'
import { ReconnectingWebSocket } from '../src/index.ts'
import { type PresetId, preset } from '../src/presets.ts'
import { bundle } from './bundle.ts'
import { scripted } from './scripted-connection.ts'

/** What a preset says after a close, when the table says `retryIn`. */
function after(
  id: PresetId,
  code: number,
  { retryIn = 500 as number | null, attempt = 0, reason = '' } = {},
) {
  const event = Object.assign(closeEvent({ code, reason, wasClean: true }), { retryIn })
  return preset(id, () => 0.5)(event, attempt)
}

describe('preset', () => {
  it('knows every ecosystem of the close codes, by the same name', () => {
    const source = readFileSync(new URL('../src/presets.ts', import.meta.url), 'utf8')
    const union = /export type PresetId =((?:\s*\| '[\w-]+')+)/.exec(source)![1]!
    const ids = [...union.matchAll(/'([\w-]+)'/g)].map(([, id]) => id)
    expect(ids).toEqual(privateCodes.map(({ id }) => id).sort())
  })

  it('says which there are when it is asked for another', () => {
    expect(() => preset('icq' as PresetId)).toThrow(/no preset icq: there are graphql-ws, discord/)
  })

  for (const [id, stops, returns] of [
    ['graphql-ws', [4400, 4401, 4406, 4409, 4429, 4500, 4004, 4005], [4403, 4408, 4499, 4504]],
    ['discord', [4004, 4010, 4011, 4012, 4013, 4014], [4000, 4001, 4007, 4008, 4009]],
    ['pusher', [4000, 4001, 4009, 4050], [4100, 4150, 4200, 4201]],
    ['centrifuge', [3500, 3999, 4500, 4999], [3000, 3001, 3499, 4000, 4499]],
    ['hocuspocus', [], [4205, 4401, 4403, 4408]],
  ] as const) {
    it(`${id}: stays away after ${stops.join(', ')} and comes back after ${returns.join(', ')}`, () => {
      for (const code of stops) expect([code, after(id, code)]).toEqual([code, null])
      for (const code of returns) expect(after(id, code, { retryIn: null })).toBeGreaterThanOrEqual(0)
    })
  }

  it('leaves to the table what the ecosystem does not speak of', () => {
    for (const [id, code] of [
      ['graphql-ws', 1012],
      ['graphql-ws', 1000],
      ['discord', 4999],
      ['centrifuge', 1009],
      ['obs', 4000],
    ] as const)
      expect(after(id, code)).toBeUndefined()
  })

  it('keeps the delay of the table where the ecosystem comes back as usual', () => {
    expect(after('discord', 4000, { retryIn: 777 })).toBe(777)
  })

  it('comes back at once only the first time', () => {
    expect(after('pusher', 4200)).toBe(0)
    expect(after('pusher', 4200, { attempt: 2 })).toBe(2000)
  })

  it('waits a second at least where a backoff is asked for, or what the server asks for', () => {
    expect(preset('pusher', () => 0)(closeEvent({ code: 4100, reason: '', wasClean: true }), 0)).toBe(1000)
    expect(after('pusher', 4100, { reason: 'over capacity; retry=9000' })).toBe(9000)
  })

  it('decides in a socket', () => {
    const { Class, last } = scripted()
    const socket = new ReconnectingWebSocket('ws://x/', [], { WebSocket: Class, retry: preset('discord') })
    last().open()
    let retryIn: number | null = 0
    socket.onclose = (event) => {
      retryIn = event.retryIn
    }
    last().end(4004, 'Authentication failed')
    expect(retryIn).toBeNull()
    expect(socket.readyState).toBe(3)
  })

  it('is not in the bundle of the client', async () => {
    const text = await bundle({ entry: '../src/index.ts', format: 'esm', minify: true })
    for (const word of ['Authentication failed', 'pusher', 'graphql']) expect(text).not.toContain(word)
  })
})
