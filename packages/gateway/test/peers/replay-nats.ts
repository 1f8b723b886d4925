// nats.ws and nats-server, a process of its own: Debian has it.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child, eventually } from '@holdfast/testing'
import { connect, type NatsConnection, type Subscription } from 'nats.ws'
import { WebSocket } from 'ws'
import { type App, CloseAction } from './replay-app.ts'

const program = '/usr/sbin/nats-server'

/** Why there is no NATS to test with; undefined where there is one. */
export const natsMissing = existsSync(program) ? undefined : `no ${program}`

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const listens = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })

export async function natsApp(
  url: (upstream: string) => Promise<string>,
): Promise<App & { client: NatsConnection }> {
  // The library is for browsers.
  ;(globalThis as { WebSocket?: unknown }).WebSocket ??= WebSocket
  const folder = mkdtempSync(join(tmpdir(), 'nats-'))
  const [port, clients, monitor] = [await freePort(), await freePort(), await freePort()]
  const config = join(folder, 'nats.conf')
  writeFileSync(
    config,
    `listen: 127.0.0.1:${clients}\nhttp: 127.0.0.1:${monitor}\n` +
      `websocket { listen: "127.0.0.1:${port}", no_tls: true, compression: false }\n`,
  )
  const told = new CloseAction()
  let life: Child | undefined
  let other: NatsConnection | undefined
  const server = {
    async start() {
      const started = new Child(program, ['-c', config, '-V'])
      life = started
      let read = 0
      // It writes down what it is told, also before anybody could subscribe to it.
      started.changes.subscribe(() => {
        for (; read < started.stderr.length; read++) {
          const text = /<<- MSG_PAYLOAD: \["(aside [^"]*)"\]/.exec(started.stderr[read]!)?.[1]
          if (text) told.add('heard', text)
        }
      })
      await eventually('nats-server', () => listens(port))
      other = await connect({ servers: `ws://127.0.0.1:${port}`, reconnect: false })
    },
    async stop() {
      const gone = other?.closed()
      life?.signal('SIGKILL')
      await life?.exited
      await gone
    },
  }
  await server.start()
  const client = await connect({
    servers: await url(`ws://127.0.0.1:${port}`),
    name: 'me',
    reconnectTimeWait: 50,
  })
  void (async () => {
    for await (const { type } of client.status()) told.add('events', type)
  })()
  const live = new Map<string, Subscription>()
  const subscriptions = async (): Promise<string[]> => {
    const answer = await fetch(`http://127.0.0.1:${monitor}/connz?subs=1`)
    const { connections } = (await answer.json()) as {
      connections: { name?: string; subscriptions_list?: string[] }[]
    }
    return connections.find(({ name }) => name === 'me')?.subscriptions_list ?? []
  }
  return {
    ...{ server, told, client },
    async subscribe(topic) {
      const callback = (_: unknown, { data }: { data: Uint8Array }) =>
        told.add('received', `${topic} ${Buffer.from(data)}`)
      live.set(topic, client.subscribe(topic, { callback }))
      await client.flush()
    },
    async unsubscribe(topic) {
      live.get(topic)?.unsubscribe()
      await client.flush()
    },
    async publish(topic, text) {
      other!.publish(topic, text)
      await other!.flush()
    },
    say: (topic, text) => client.publish(topic, `${topic} ${text}`),
    knows: (topics) =>
      eventually(
        `subscriptions ${topics}`,
        async () => JSON.stringify((await subscriptions()).sort()) === JSON.stringify([...topics].sort()),
        { detail: () => told },
      ),
    async [Symbol.asyncDispose]() {
      await client.close()
      await other?.close()
      await server.stop()
      rmSync(folder, { recursive: true })
    },
  }
}
