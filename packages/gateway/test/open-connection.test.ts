// What a connection begins with, and what it does not keep: the sockets that its wires were made of.
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../src/core/clock.ts'
import type { ConnectionDeps } from '../src/session/connection-deps.ts'
import { openConnection } from '../src/session/open-connection.ts'
import type { Opening } from '../src/session/opening.ts'
import { OwnRoute } from '../src/session/own-route.ts'
import { libuv } from '../src/wire/libuv.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const undo: (() => void)[] = []
afterEach(() => {
  for (const act of undo.splice(0)) act()
})

/** Two connections: their accepted ends, and their peers. */
async function two() {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const both: { peer: net.Socket; accepted: net.Socket }[] = []
  for (let i = 0; i < 2; i++) {
    const peer = net.connect(port, '127.0.0.1').on('error', () => {})
    const [accepted] = (await once(server, 'connection')) as [net.Socket]
    both.push({ peer, accepted: accepted.on('error', () => {}) })
  }
  undo.push(() => {
    server.close()
    for (const { peer } of both) peer.destroy()
  })
  return both as [(typeof both)[number], (typeof both)[number]]
}

const free: Opening = {
  address: '',
  http: '1.1',
  releaseUpstream: () => {},
  admission: { release: () => {} },
}

test.runIf(libuv)('a connection keeps neither of its sockets alive', async () => {
  const route = new OwnRoute(systemClock, Math.random)
  const [client, upstream] = await two()
  const connection = route.open(client.accepted, upstream.accepted)
  const refs = [client, upstream].map(({ accepted }) => new WeakRef(accepted))
  for (const end of [client, upstream]) (end as { accepted?: unknown }).accepted = undefined
  const left = () => {
    collectGarbage()
    return refs.filter((ref) => ref.deref()).length
  }
  await expect.poll(left, { interval: 20 }).toBe(0)
  expect(connection.pipe.state).toBe('open')
  route.stop()
})

describe('a fault while a connection opens', () => {
  const fault = () => {
    throw new Error('a fault')
  }
  const faults: [string, Partial<Opening>, (deps: ConnectionDeps) => Partial<ConnectionDeps>][] = [
    ['in what another process has packed', { before: { id: 'x', pipe: {} } as never }, () => ({})],
    [
      'when it is registered',
      {},
      ({ connections }) => ({ connections: Object.assign(connections, { register: fault }) }),
    ],
    ['when that is told', {}, () => ({ onOpened: fault })],
  ]
  test.each(faults)('%s closes both ends', async (_, opening, changed) => {
    const route = new OwnRoute(systemClock, Math.random)
    let released = 0
    const admission = { release: () => void released++ }
    const [client, upstream] = await two()
    const ended = [client, upstream].map(({ peer }) => once(peer.resume(), 'end'))
    const deps = { ...route.deps, ...changed(route.deps) }
    const ends = { client: client.accepted, upstream: upstream.accepted }
    expect(() => openConnection({ ...free, admission, ...opening }, ends, route.state, deps)).toThrow()
    await Promise.all(ended)
    expect(released).toBeLessThanOrEqual(1)
    expect(deps.connections.size).toBe(0)
  })
})
