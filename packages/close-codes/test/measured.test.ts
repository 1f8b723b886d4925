import { describe, expect, it } from 'vitest'
import {
  clientReceipts,
  clientReturns,
  exitInWords,
  interimInWords,
  newcomersInWords,
  outcomeInWords,
  proxies,
  reportInWords,
  returnsInWords,
  seenInWords,
  serverStops,
  silentInWords,
  whoSays,
} from '../src/measured.ts'
import { languages } from './all-languages.ts'

const stops = serverStops.flatMap((row) => row.stops)
const unique = (names: readonly string[]) => new Set(names).size === names.length

describe('serverStops', () => {
  it('has 117 set-ups and 323 ways of stopping them, each set-up once and each way once in it', () => {
    expect(serverStops).toHaveLength(117)
    expect(stops).toHaveLength(323)
    expect(unique(serverStops.map(({ server }) => server))).toBe(true)
    for (const row of serverStops) expect(unique(row.stops.map(({ how }) => how)), row.server).toBe(true)
  })

  it('names a version and where it is from in each row', () => {
    for (const { version, from } of serverStops) {
      expect(version).toMatch(/\d/)
      expect(['npm', 'Debian']).toContain(from)
    }
  })

  it('has a time for what is seen, and none for nothing', () => {
    for (const { how, sees, after } of stops) {
      const nothing = sees.every(({ what }) => what === 'nothing')
      expect(after === undefined, how).toBe(nothing)
    }
  })

  it('bears out what is said of it: one plain SIGTERM says 1012, and one way of all spreads its closes on purpose', () => {
    const plain = serverStops.filter(({ stops }) =>
      stops.some(
        ({ how, sees }) => how === 'SIGTERM' && sees.some((one) => one.what === 'close' && one.code === 1012),
      ),
    )
    expect(plain.map(({ server }) => server)).toEqual(['uvicorn-wsproto'])
    const lame = stops.filter(({ how }) => how.includes('lame duck'))
    expect(lame.map(({ spread }) => spread)).toEqual([1])
  })
})

describe('proxies and clients', () => {
  it('have each row once', () => {
    expect(unique(proxies.map(({ proxy }) => proxy))).toBe(true)
    expect(unique(clientReturns.map(({ client }) => client))).toBe(true)
    expect(unique(clientReceipts.map(({ client }) => client))).toBe(true)
    expect([proxies.length, clientReturns.length, clientReceipts.length]).toEqual([34, 30, 30])
  })

  it('say that Deno reports 0 for what others report as 1006, and takes no 1014', () => {
    const deno = clientReceipts.find(({ client }) => client.startsWith('Deno'))
    expect(deno?.reports.fin).toEqual({ code: 0, error: true })
    expect(deno?.reports[1014]).toEqual({ code: 0, error: true, answer: 1002 })
    expect(deno?.reports[1012]).toBe('same')
  })
})

describe('whoSays', () => {
  it('counts the ways of stopping that show a code', () => {
    expect(whoSays(1012)).toMatchObject({ count: 20, of: 323 })
    expect(whoSays(1012).servers.map(({ server }) => server)).toContain('uvicorn-wsproto')
    expect(whoSays(4001).servers).toEqual([
      {
        server: 'colyseus',
        version: '@colyseus/core 0.17.51, @colyseus/ws-transport 0.17.13',
        how: 'SIGTERM',
      },
    ])
    expect(whoSays(1014)).toEqual({ servers: [], count: 0, of: 323 })
  })

  it('takes an end of TCP for 1006', () => {
    expect(whoSays(1006).count).toBeGreaterThan(whoSays(1012).count)
  })
})

describe.each(languages)('the measured facts in $tag', (language) => {
  it('have words for every cell', () => {
    const cells = [
      ...stops.flatMap((stop) => [
        seenInWords(stop.sees, language),
        newcomersInWords(stop, language),
        exitInWords(stop, language),
        ...(stop.silentClient ? [silentInWords(stop, language)] : []),
      ]),
      ...proxies.flatMap((row) => [outcomeInWords(row.refused, language), interimInWords(row, language)]),
      ...clientReturns.flatMap(({ after }) =>
        Object.values(after).map((one) => returnsInWords(one, language)),
      ),
      ...clientReceipts.flatMap(({ reports }) =>
        Object.values(reports).map((one) => reportInWords(one, language)),
      ),
    ]
    for (const cell of cells) {
      expect(cell).not.toBe('')
      expect(cell).not.toMatch(/undefined|\{\w+\}/)
    }
  })
})
