import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { Child, type Exit } from './child.ts'
import { failure } from './eventually.ts'
import { closedPort } from './tcp-server.ts'

const script = fileURLToPath(new URL('../fixtures/upstream.mjs', import.meta.url))

export interface ForkUpstreamOptions {
  /** Port to listen on, for one that comes back. Default 0, the system chooses. */
  port?: number
  /** Subprotocol to select. Default: the first offered. */
  protocol?: string
  /** Whether it accepts permessage-deflate. Default false. */
  compress?: boolean
  /** The code of the Close that it sends on SIGTERM. Default 1001. */
  closeCode?: number
  /** No server at all: the TCP handshake never ends. */
  fullBacklog?: boolean
}

export interface ForkedUpstream extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** SIGKILL: its connections break without a Close. Resolves when it is gone. */
  kill(): Promise<Exit>
  /** SIGTERM: closes each connection with `closeCode`. Resolves when it is gone. */
  stop(): Promise<Exit>
  /** SIGSTOP: its connections stay, nothing answers. */
  freeze(): void
  /** SIGCONT. */
  thaw(): void
  /** How many connections have been opened. */
  readonly opened: number
  /** How its connections ended, as it saw it. */
  readonly closes: { code: number; reason: string }[]
  /** Resolves when that many connections have ended. */
  closed(count: number, limit?: number): Promise<void>
}

type Said = { port?: number; opened?: number; closed?: { code: number; reason: string } }

/** A WebSocket echo server in a process of its own. */
export async function forkUpstream(options: ForkUpstreamOptions = {}): Promise<ForkedUpstream> {
  const child = new Child(process.execPath, [
    script,
    JSON.stringify({ port: await closedPort(), ...options }),
  ])
  const said = (): Said[] => child.stdout.map((line) => JSON.parse(line))
  const closes = () => said().flatMap((event) => event.closed ?? [])
  const fillers: net.Socket[] = []
  const dispose = async () => {
    for (const filler of fillers) filler.destroy()
    await child[Symbol.asyncDispose]()
  }
  try {
    const port = await child.line('port of the upstream process', (line) => (JSON.parse(line) as Said).port)
    if (options.fullBacklog) {
      child.signal('SIGSTOP')
      await fill(port, fillers)
    }
    const signal = (name: NodeJS.Signals) => {
      child.signal(name)
      return child.exited
    }
    return {
      url: `ws://127.0.0.1:${port}`,
      port,
      pid: child.pid,
      kill: () => signal('SIGKILL'),
      stop: () => signal('SIGTERM'),
      freeze: () => child.signal('SIGSTOP'),
      thaw: () => child.signal('SIGCONT'),
      get opened() {
        return said().filter((event) => event.opened).length
      },
      get closes() {
        return closes()
      },
      async closed(count, limit) {
        const what = `${count} closed connections at the upstream process`
        await child.changes.until(what, () => closes().length >= count, { limit, detail: closes })
      },
      [Symbol.asyncDispose]: dispose,
    }
  } catch (error) {
    await dispose()
    throw error
  }
}

/** Connects until the system takes no more: the stopped process accepts none of them. */
async function fill(port: number, fillers: net.Socket[]): Promise<void> {
  for (let i = 0; i < 16; i++) {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    fillers.push(socket)
    const connected = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), 300)
      socket.once('connect', () => {
        clearTimeout(timer)
        resolve(true)
      })
    })
    if (!connected) return
  }
  throw new Error(failure('a full queue of connections', 0))
}
