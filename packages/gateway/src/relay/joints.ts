// Clients that are joined to other nodes: each byte stream is the other's, until one of them ends.
import type net from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock } from '../core/index.ts'
import { Joint, StreamWire } from '../wire/index.ts'

/** Milliseconds between two looks whether peers that are not read are still there. */
const lookEveryMs = 1_000

export class Joints {
  readonly #deps: { clock: Clock; random: () => number }
  readonly #joints = new Set<Joint>()
  #looks = false
  #leaves = false
  #onNone: (() => void)[] = []

  constructor(deps: { clock: Clock; random: () => number }) {
    this.#deps = deps
  }

  /** How many clients are joined to other nodes. */
  get size(): number {
    return this.#joints.size
  }

  /** It ends what it has joined, and joins nobody any more. */
  get leaves(): boolean {
    return this.#leaves
  }

  join(client: Duplex, socket: net.Socket): void {
    const { clock } = this.#deps
    // A byte stream that is reset tells so, and not that it has ended: Node's, whose errors say which of the two it was.
    client.once('error', () => reset(socket))
    socket.once('error', () => reset(client))
    const joint = new Joint(new StreamWire(client), new StreamWire(socket), clock, () => {
      this.#joints.delete(joint)
      if (this.#joints.size === 0) for (const none of this.#onNone.splice(0)) none()
    })
    this.#joints.add(joint)
    // Its node was asked before this one began to leave.
    if (this.#leaves) joint.destroy()
    this.#look()
  }

  #look(): void {
    if (this.#looks || this.#joints.size === 0) return
    this.#looks = true
    this.#deps.clock.setTimeout(() => {
      this.#looks = false
      for (const joint of this.#joints) joint.look()
      this.#look()
    }, lookEveryMs)
  }

  /** Ends what it has joined, spread over so many milliseconds: the clients come back to where their sessions are reached. Resolves when none is left. */
  async leave(spreadMs = 0): Promise<void> {
    const { clock, random } = this.#deps
    this.#leaves = true
    if (this.#joints.size === 0) return
    const none = new Promise<void>((resolve) => this.#onNone.push(resolve))
    for (const joint of [...this.#joints]) {
      if (spreadMs === 0) joint.destroy()
      else clock.setTimeout(() => joint.destroy(), random() * spreadMs)
    }
    await none
  }

  /** After `leave`: it joins clients to other nodes again. */
  stay(): void {
    this.#leaves = false
  }
}

function reset(stream: Duplex): void {
  try {
    ;(stream as net.Socket).resetAndDestroy()
  } catch {
    // Over TLS and HTTP/2 there is nothing to reset: its end is as sudden.
    stream.destroy()
  }
}
