import net from 'node:net'
import { tcpServer } from './tcp-server.ts'

/** Where a connection is cut: behind so many bytes of this side, `client` for what the client sends. */
export interface Cut {
  of: 'client' | 'server'
  after: number
}

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  /** Connections accepted, and how many of these were cut. */
  readonly accepted: number
  readonly cuts: number
  /** Resets all that are open. */
  cutAll(): void
}

/**
 * Hands bytes on in both directions between its clients and a port of 127.0.0.1, and resets both sides of a connection where
 * `cut` says: it is asked for each one, in turn, when it says something, with its number and what that is; undefined: never.
 */
export async function cuttingProxy(
  port: number,
  cut: (connection: number, head: string) => Cut | undefined,
): Promise<CuttingProxy> {
  let cuts = 0
  let asked = 0
  const open = new Set<() => void>()
  const server = await tcpServer((client) => {
    const upstream = net.connect(port, '127.0.0.1')
    const reset = () => {
      if (!open.delete(reset)) return
      client.resetAndDestroy()
      upstream.resetAndDestroy()
    }
    const cutNow = () => {
      if (open.has(reset)) cuts++
      reset()
    }
    open.add(reset)
    client.once('data', (head: Buffer) => {
      client.pause()
      const where = cut(++asked, head.toString('latin1'))
      const budget = (of: Cut['of']) => (where?.of === of ? where.after : Number.POSITIVE_INFINITY)
      join(client, upstream, budget('client'), cutNow)
      join(upstream, client, budget('server'), cutNow)
      client.unshift(head)
      client.resume()
    })
    for (const socket of [client, upstream]) socket.on('error', reset).on('close', reset)
  })
  return {
    port: server.port,
    get accepted() {
      return server.accepted
    },
    get cuts() {
      return cuts
    },
    cutAll() {
      for (const reset of open) {
        cuts++
        reset()
      }
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

function join(from: net.Socket, to: net.Socket, budget: number, cut: () => void): void {
  let left = budget
  from.on('data', (chunk: Buffer) => {
    const part = chunk.length > left ? chunk.subarray(0, left) : chunk
    left -= part.length
    if (left <= 0) {
      from.pause()
      // What comes before the cut arrives.
      to.write(part, () => setImmediate(cut))
      return
    }
    if (!to.write(part)) {
      from.pause()
      to.once('drain', () => from.resume())
    }
  })
  from.on('end', () => to.end())
}
