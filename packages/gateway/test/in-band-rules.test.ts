import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { breakOffRules } from '../src/handshake/break-off-rules.ts'
import { type ClientSigns, howToTell, inBandRules } from '../src/handshake/in-band-rules.ts'

const page = new URL('../../../docs/close-table.md', import.meta.url)

/** Holds the part of the page with this name to a table. */
function hold(name: string, table: string) {
  const text = readFileSync(page, 'utf8')
  const part = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`)
  const wanted = text.replace(part, `$1${table}\n$2`)
  if (process.env.UPDATE_DOCS) writeFileSync(page, wanted)
  expect(readFileSync(page, 'utf8')).toBe(wanted)
  expect(wanted).toContain(table)
}

test('the rules are those of docs/close-table.md, with the measurement of each', () => {
  const rows = inBandRules.map(
    ({ sign, how, because }) => `| ${sign} | ${how === 'close' ? 'in band' : 'by HTTP'} | ${because} |`,
  )
  hold('in-band', ['| sign | told | because |', '|---|---|---|', ...rows].join('\n'))
})

test('those that wait less than others are those of docs/close-table.md', () => {
  const rows = breakOffRules.map(({ sign, waitsMs, because }) => `| ${sign} | ${waitsMs} ms | ${because} |`)
  hold('break-off', ['| sign | waits | because |', '|---|---|---|', ...rows].join('\n'))
})

describe('a client is told', () => {
  const signs = (target: string, protocols: string[] = [], some: Partial<ClientSigns> = {}): ClientSigns => ({
    request: { target, protocols },
    ours: false,
    asked: false,
    ...some,
  })

  test.each([
    ['by HTTP with nothing to go by', signs('/'), 'http'],
    ['by HTTP with EIO', signs('/socket.io/?EIO=4&transport=websocket'), 'http'],
    ['by HTTP with EIO at the end', signs('/engine.io?transport=websocket&EIO=3'), 'http'],
    ['by HTTP with vsn', signs('/socket/websocket?token=x&vsn=2.0.0'), 'http'],
    ['by HTTP with an id of SignalR', signs('/hub?id=pQzKZmkq1yFQ0j7gP0aN3w'), 'http'],
    ['in band with GraphQL', signs('/graphql', ['graphql-transport-ws']), 'close'],
    ['in band with GraphQL among others', signs('/graphql', ['v1', 'graphql-transport-ws']), 'close'],
    ['by HTTP with the older GraphQL', signs('/graphql', ['graphql-ws']), 'http'],
    ['in band when it is ours', signs('/?EIO=4', [], { ours: true }), 'close'],
    ['in band when it has asked', signs('/?vsn=2.0.0', [], { asked: true }), 'close'],
    ['by HTTP with a name that only ends so', signs('/?xEIO=4', ['graphql-transport-ws2']), 'http'],
  ] as const)('%s', (_, given, how) => expect(howToTell(given)).toBe(how))
})
