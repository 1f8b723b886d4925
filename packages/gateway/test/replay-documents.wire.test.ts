// Restarts of servers that keep Yjs documents, under the providers' own clients: one user behind a gateway with `hold: {}`, one
// who comes back by himself. Whatever they write, and whenever, their documents agree in the end.
import { runtime, startGateway } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { held, holding } from './holding.ts'
import type { Loss } from './peers/replay-app.ts'
import { type Documents, hocuspocus, type View, yWebsocket } from './peers/replay-documents.ts'

const servers: [name: string, documents: string[], start: typeof yWebsocket][] = [
  ['y-websocket', ['one'], yWebsocket],
  ['Hocuspocus', ['one', 'two'], hocuspocus],
]

type Step =
  | ['write', who: 'held' | 'other', document: number]
  | ['restart', how: Loss, written: ('held' | 'other')[]]

const who = fc.constantFrom('held' as const, 'other' as const)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('write' as const), who, fc.nat(1)) },
  {
    weight: 2,
    arbitrary: fc.tuple(
      fc.constant('restart' as const),
      fc.constantFrom<Loss>('end', 'reset'),
      fc.array(who, { maxLength: 3 }),
    ),
  },
)

async function start(names: string[], startDocuments: typeof yWebsocket) {
  const gateways: Awaited<ReturnType<typeof startGateway>>[] = []
  const documents: Documents = await startDocuments(async (upstream) => {
    const hold = holding({ state: 'auto', for: 20_000, buffer: 256 * 1024, replay: { by: 'auto' } })
    const gateway = await startGateway({ upstreams: [upstream], hold })
    gateways.push(gateway)
    return gateway.url
  })
  const { told } = documents
  const views = names.map((name) => ({
    held: documents.open(name, 'held'),
    other: documents.open(name, 'other'),
  }))
  const all = () => views.flatMap(({ held, other }) => [held, other])
  const seen = () =>
    views.map((one) =>
      [one.held, one.other].map(({ map, synced, unsynced }) => [map.toJSON(), synced, unsynced]),
    )
  const until = (what: string, check: () => boolean) => told.changes.until(what, check, { detail: seen })
  const settled = ({ synced, unsynced }: View) => synced && unsynced === 0
  return {
    ...{ documents, told, views, until },
    isHeld: () => held(gateways[0]!),
    agree: (sizes: number[]) =>
      until(
        `documents of ${sizes} entries that agree`,
        () =>
          all().every(settled) &&
          views.every(({ held, other }, i) => [held, other].every(({ map }) => map.size === sizes[i])),
      ),
    async [Symbol.asyncDispose]() {
      await documents[Symbol.asyncDispose]()
      for (const gateway of gateways) await gateway[Symbol.asyncDispose]()
    },
  }
}

describe.each(servers)('%s', (_, names, startDocuments) => {
  test('whatever is written and whenever the server restarts, documents agree', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 9 }), async (steps) => {
        await using it = await start(names, startDocuments)
        const sizes = names.map(() => 0)
        await it.agree(sizes)
        let count = 0
        const write = (by: 'held' | 'other', document: number) => {
          it.views[document]![by].map.set(`${by} ${++count}`, count)
          sizes[document]! += 1
        }
        for (const [what, arg, last] of steps) {
          if (what === 'write') {
            write(arg, last % names.length)
            continue
          }
          await it.documents.server.stop(arg)
          await it.isHeld()
          for (const [i, by] of last.entries()) write(by, i % names.length)
          await it.documents.server.start()
          // A client whose upstreams go twice without a word in between is let go: this one speaks before the next goes.
          write('other', 0)
          await it.agree(sizes)
        }
        await it.agree(sizes)
        const held = it.told.events.filter((event) => event.startsWith('held'))
        expect(new Set(held).size).toBe(held.length)
        expect(held.filter((event) => /(closed|disconnected|refused|not synced)$/.test(event))).toEqual([])
      }),
      { numRuns: runtime().foreign ? 1 : 5, endOnFailure: true },
    )
  })

  test('who is there is known after the restart, and who was only heard of is not spoken for', async () => {
    await using it = await start(names, startDocuments)
    await it.agree(names.map(() => 0))
    const { held, other } = it.views[0]!
    held.awareness.setLocalState({ name: 'held' })
    other.awareness.setLocalState({ name: 'other' })
    const knows = (view: View, ids: number[]) => ids.every((id) => view.awareness.getStates().has(id))
    await it.until('both know both', () => [held, other].every((view) => knows(view, [held.id, other.id])))
    await it.documents.server.stop('end')
    await it.isHeld()
    other.leave()
    await it.documents.server.start()
    const late = it.documents.open(names[0]!, 'late')
    await it.until('the newcomer knows who is there', () => knows(late, [held.id]))
    expect(late.awareness.getStates().get(held.id)).toEqual({ name: 'held' })
    expect(late.awareness.getStates().has(other.id)).toBe(false)
  })
})
