// At the limit of open files clients are closed: it is said once, counted, and readyz tells it. Who is connected goes on.
import net from 'node:net'
import {
  certificate,
  eventually,
  type Holdfast,
  runtime,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

/** Node opens as many modules at once as import each other, and needs these for its start. */
const openFiles = 256
/** Bun does not say which descriptor a socket has, and prlimit is a command of Linux. */
const canLimit = !runtime().foreign && process.platform === 'linux'

async function metric({ admin }: Holdfast, reason: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', admin))).text()
  return Number(
    new RegExp(`^holdfast_sockets_refused_total\\{reason="${reason}"\\} (\\d+)$`, 'm').exec(text)?.[1],
  )
}

const { certFile: cert, keyFile: key } = certificate()

test.skipIf(!canLimit).each([
  ['a worker that accepts for itself', { workers: 1 }],
  ['a supervisor that hands sockets out', { workers: 2 }],
  ['a front', { workers: 1, listen: [{ address: '127.0.0.1:0', tls: { cert, key, front: true } }] }],
])('%s at its limit of open files turns clients away, says so, and recovers', async (_, its) => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({
    openFiles,
    config: { ...its, routes: [{ name: 'default', upstreams: [upstream.url] }] },
  })
  await using bystander = wsClient(holdfast.url)
  await bystander.opened
  const { hostname, port } = new URL(holdfast.url)
  let ended = 0
  const idle = Array.from({ length: 3 * openFiles }, () =>
    net
      .connect(Number(port), hostname)
      .on('error', () => {})
      .on('close', () => ended++)
      .resume(),
  )
  try {
    const unready = await eventually('it is not ready', async () => {
      const { status, body } = await holdfast.api('/readyz')
      return status === 503 && body
    })
    expect(unready).toMatchObject({ reason: 'the limit of open files is reached' })
    await eventually('clients are turned away', () => ended > 100)
    const refused = await metric(holdfast, 'descriptors')
    expect(refused).toBeGreaterThan(0)
    bystander.send('still here')
    expect(await bystander.message()).toBe('still here')
    const lines = holdfast.log.filter(({ msg }) => String(msg).includes('limit of open files is reached'))
    expect(lines.length).toBeGreaterThan(0)
    // At most one in ten seconds of each process.
    expect(lines.length).toBeLessThan(10)
  } finally {
    for (const socket of idle) socket.destroy()
  }
  await eventually('others are served', async () => {
    const client = wsClient(holdfast.url)
    const opened = await client.opened.then(
      () => true,
      () => false,
    )
    await client[Symbol.asyncDispose]()
    return opened
  })
})

test.skipIf(!canLimit)(
  'a low limit of open files is said at the start, one that is high enough is not',
  async () => {
    const routes = (connections?: number) => [
      {
        name: 'a',
        upstreams: ['ws://127.0.0.1:1'],
        limits: connections === undefined ? {} : { connections },
      },
    ]
    const isHint = ({ msg }: { msg?: unknown }) => String(msg).startsWith('the limit of open files is low')
    await using low = await startHoldfast({ openFiles: 1024, config: { workers: 1, routes: routes() } })
    expect(low.log.find(isHint)).toMatchObject({ level: 40, openFiles: 1024, enoughFor: 448 })
    await using enough = await startHoldfast({ openFiles: 1024, config: { workers: 1, routes: routes(400) } })
    expect(enough.log.find(isHint)).toBeUndefined()
  },
)
