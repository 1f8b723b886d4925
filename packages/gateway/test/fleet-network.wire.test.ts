// Three nodes in network namespaces behind HAProxy and with a Redis: nodes are upgraded, killed and drained, and the network between them
// breaks, under clients that resume and a backend that counts. Meanwhile each client's connection breaks, too, so that it comes back on any
// node. HOLDFAST_FULL=1 runs the full size: each node goes through everything, with 500 clients that wait as they do.
import { runtime } from '@holdfast/testing'
import { expect, test } from 'vitest'
import {
  addressOf,
  type Life,
  Machines,
  machinesMissing,
  type Node,
  nodes,
  type Trouble,
} from './fleet-machines.ts'
import { upgrade } from './upgrading.ts'

const full = process.env.HOLDFAST_FULL === '1'
const size = full ? { clients: 500, everyMs: 500 } : { clients: 30, everyMs: 100, retryMs: 300 }
/** Milliseconds in which the connection of each client breaks once, in each event. */
const withinMs = full ? 10_000 : 300
const limit = full ? 240_000 : undefined

type Cut = NonNullable<Trouble['cut']>
const others = (node: Node) => nodes.filter((one) => one !== node)
const toOthers = (node: Node) => others(node).map((one): Cut[number] => [node, one])
const fromOthers = (node: Node) => others(node).map((one): Cut[number] => [one, node])
const store = (node: Node): Cut => [
  [node, 'store'],
  ['store', node],
]

/** What the network can do to a node. */
const troubles = {
  'is cut off from the store': (node: Node) => ({ cut: store(node) }),
  'is cut off from the others': (node: Node) => ({ cut: [...toOthers(node), ...fromOthers(node)] }),
  'does not reach the others': (node: Node) => ({ cut: toOthers(node) }),
  'is not reached by the others': (node: Node) => ({ cut: fromOthers(node) }),
  'is 300 ms late': (node: Node) => ({ slow: { [node]: 0.3 } }),
} satisfies Record<string, (node: Node) => Trouble>

/** What takes its sessions away from a node, or may. */
const ends = ['is cut off from all for long', 'is killed', 'is drained'] as const
type Event = keyof typeof troubles | 'is upgraded' | (typeof ends)[number]

const each: Event[] = [...(Object.keys(troubles) as (keyof typeof troubles)[]), 'is upgraded', ...ends]
const plan: [Node, Event][] = full
  ? nodes.flatMap((node) => each.map((event): [Node, Event] => [node, event]))
  : [
      ['node1', 'is upgraded'],
      ['node2', 'is cut off from the store'],
      ['node3', 'is cut off from the others'],
      ['node1', 'does not reach the others'],
      ['node2', 'is not reached by the others'],
      ['node3', 'is 300 ms late'],
      ['node2', 'is killed'],
      ['node1', 'is drained'],
    ]

/** Resolves when it is over, and every client is there again. */
async function happens(event: Event, node: Node, machines: Machines): Promise<void> {
  const gateway = machines.running.get(node)!
  const breaks = () => machines.breakAll(withinMs)
  switch (event) {
    case 'is upgraded':
      // Bun cannot hand sockets to other processes.
      await Promise.all([breaks(), runtime().name === 'bun' || upgrade(gateway)])
      break
    case 'is cut off from all for long':
      await machines.trouble({ cut: [...store(node), ...toOthers(node), ...fromOthers(node)] })
      await breaks()
      // After ten seconds the others go on with what it had; their clients come back then.
      await machines.whole(limit)
      await machines.trouble({})
      // Sessions that have begun there meanwhile are announced when the store is back: before that they end with their node.
      await machines.meet()
      await breaks()
      break
    case 'is killed':
      // How soon all are back is told of: none of them may wait for what it met before.
      if (full) await machines.calm()
      for (const pid of [...gateway.workers(), gateway.pid]) process.kill(pid, 'SIGKILL')
      await machines.until('its upstreams are gone', ({ upstreams }) => !upstreams[addressOf(node)])
      break
    case 'is drained':
      gateway.signal('SIGTERM')
      await gateway.exited
      break
    default:
      await machines.trouble(troubles[event](node))
      await breaks()
      await machines.trouble({})
  }
  await machines.whole(limit)
  if (event === 'is killed' || event === 'is drained') machines.running.delete(node)
}

/** One that is gone runs again, and has as many sessions as the others. */
async function restored(node: Node, machines: Machines): Promise<void> {
  await machines.startNode(node)
  await machines.meet()
  await machines.share(node)
  await machines.whole(limit)
  // How those came back whose sessions it was given is no part of the next event.
  await machines.ask('aways')
}

/** What is wrong with a session, beside what its client was told. */
function judge({ name, sent, arrived, pushed, lost, doubled, told, takenOver, twoMs, over }: Life): string[] {
  const wrong: string[] = []
  const say = (isWrong: boolean, what: string) => isWrong && wrong.push(`${name}: ${what}`)
  say(doubled > told.doubled, `${doubled} came twice, told ${told.doubled}`)
  if (over) {
    // A drain ends a session, and its client knows how much has arrived.
    say(over.code !== 1012, `it was closed with ${over.code} ${over.reason} (${over.why})`)
    say(arrived + told.lost < (over.confirmed ?? 0), `${arrived} of ${over.confirmed} have arrived`)
  } else say(lost > told.lost, `${lost} of ${sent} and ${pushed} are missing, told ${told.lost}`)
  say(takenOver === 0 && told.lost + told.doubled > 0, 'it was told of a loss that there was not')
  say(twoMs >= 10_000, `it had two upstreams for ${twoMs} ms`)
  return wrong
}

test(
  'nodes that are upgraded or cut off lose nothing; when one is killed each client is told what may be wrong',
  async ({ skip }) => {
    const missing = machinesMissing()
    if (missing) return skip(missing)
    const machines = await Machines.start(size)
    if (typeof machines === 'string') return skip(machines)
    await using _ = machines
    const late: string[] = []
    for (const [node, event] of plan) {
      const before = await machines.state()
      const had = before.upstreams[addressOf(node)] ?? 0
      await happens(event, node, machines)
      const after = await machines.state()
      const takenOver = after.takenOver - before.takenOver
      const ended = after.lives - before.lives
      if (event === 'is killed')
        expect({ event, node, takenOver, ended }).toMatchObject({ takenOver: had, ended: 0 })
      if (!full) continue
      if (!ends.some((one) => one === event))
        expect({ event, node, takenOver, ended }).toMatchObject({ takenOver: 0, ended: 0 })
      const aways = await machines.ask<{ greatestMs: number }>('aways')
      console.log(`${node} ${event}: ${takenOver} taken over, ${ended} ended;`, aways)
      if (event === 'is killed' && aways.greatestMs > 2_000)
        late.push(`${node} ${event}: a client was away for ${aways.greatestMs} ms`)
      if (!machines.running.has(node)) await restored(node, machines)
    }
    await machines.ask('stop')
    await machines.until('the last words', ({ done }) => done === size.clients, limit)
    const { faults, lives } = await machines.ask<{ faults: string[]; lives: Life[] }>('report')
    const overs: Record<string, number> = {}
    for (const { over } of lives) {
      if (!over) continue
      const how = `${over.code} ${over.reason} (${over.why})`
      overs[how] = (overs[how] ?? 0) + 1
    }
    if (full) console.log('ended:', overs)
    const longest = Math.max(...lives.map(({ twoMs }) => twoMs))
    if (full)
      console.log(`${lives.length} sessions, one with two upstreams for ${Math.round(longest)} ms at most`)
    expect([...late, ...faults, ...lives.flatMap(judge)]).toEqual([])
  },
  full ? 1_800_000 : 600_000,
)
