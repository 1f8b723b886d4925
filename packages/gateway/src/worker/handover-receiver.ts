// The other end of handover-sender.ts: puts connections together that another worker moves to this one.

import assert from 'node:assert'
import { errorMessage, type Handle } from '../core/index.ts'
import type { Gateway } from '../gateway.ts'
import type { FromWorker, Move } from './worker-messages.ts'

export interface HandoverReceiverDeps {
  gateway: Pick<Gateway, 'unpack'>
  post: (message: FromWorker) => void
  readmit: (admission: number | undefined) => () => void
}

export class HandoverReceiver {
  readonly #deps: HandoverReceiverDeps
  /** Waiting for the upstream's socket. A channel hands over one socket with each message. */
  readonly #halves = new Map<number, { arrival: Move; client: Handle }>()
  #stopped = false

  constructor(deps: HandoverReceiverDeps) {
    this.#deps = deps
  }

  /** This worker drains: what is on its way to it still goes on where it was. */
  stop(): void {
    this.#stopped = true
  }

  /** A connection comes, with the client's socket. */
  client(arrival: Move, client: Handle | undefined): void {
    if (!client) this.#refuse(arrival.move, "the client's socket did not arrive")
    else if (arrival.upstream) {
      assert(!this.#halves.has(arrival.move), 'a connection came twice')
      this.#halves.set(arrival.move, { arrival, client })
    } else this.#unpack(arrival, client, undefined)
  }

  /** The upstream's socket comes; none: the connection cannot be completed. */
  upstream(move: number, upstream: Handle | undefined): void {
    const half = this.#halves.get(move)
    this.#halves.delete(move)
    if (half && upstream) return this.#unpack(half.arrival, half.client, upstream)
    upstream?.close()
    half?.client.close()
    if (half) this.#refuse(move, "the upstream's socket did not arrive")
  }

  #unpack({ move, record, admission }: Move, client: Handle, upstream: Handle | undefined): void {
    const { gateway, post, readmit } = this.#deps
    try {
      if (this.#stopped) throw new Error('the worker drains')
      gateway.unpack({ record, client, upstream }, readmit(admission))
    } catch (error) {
      // Nothing was read: the worker that it comes from has these sockets, too, and goes on with them.
      client.close()
      upstream?.close()
      return this.#refuse(move, errorMessage(error))
    }
    // Said before the first byte is read.
    post({ type: 'adopted', move })
  }

  #refuse(move: number, message: string): void {
    this.#deps.post({ type: 'not-adopted', move, message })
  }
}
