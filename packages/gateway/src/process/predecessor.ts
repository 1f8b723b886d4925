// The supervisor in whose place this process shall be, seen from here: what it says at the start, its workers, and how it lets go.
import type { SendHandle } from 'node:child_process'
import net from 'node:net'
import {
  type Clock,
  type DrainCounts,
  GatewayError,
  type Handle,
  systemClock,
  type UpgradeInfo,
} from '../core/index.ts'
import type { ReloadResult, UpgradeResult } from '../operate/index.ts'
import { handleOf } from '../wire/index.ts'
import { type Channel, type FromWorker, protocol } from '../worker/index.ts'
import {
  type FromSuccessor,
  type Handover,
  type LinkState,
  type OperationAnswer,
  type Succession,
  successionProtocol,
  type ToSuccessor,
} from './succession.ts'

/** Milliseconds in which it must have said the first word, or answered. */
const answerWithinMs = 10_000

interface LentWorker {
  onMessage: (message: FromWorker, handle?: Handle) => void
  onExit: (ending: string) => void
}

/** Acts on what somebody has asked the old supervisor for. */
interface Obedient {
  reload(): Promise<ReloadResult>
  drain(): Promise<DrainCounts>
  reopenLogs(): void
}

/** What this process needs of itself: the channel to its parent. */
export type ParentChannel = Pick<NodeJS.Process, 'on' | 'send' | 'connected'>

/** The supervisor whose place this process takes. */
export class Predecessor {
  /** What it has said at the start. */
  readonly state: Succession
  readonly #parent: ParentChannel
  readonly #clock: Clock
  readonly #workers = new Map<number, LentWorker>()
  /** How those ended that had no channel here yet. */
  readonly #endings = new Map<number, string>()
  #onHandover: ((state: Handover) => void) | undefined
  #onReleased: (() => void) | undefined
  #inCharge = false
  #operations: Obedient | undefined

  private constructor(parent: ParentChannel, state: Succession, clock: Clock) {
    this.#parent = parent
    this.#clock = clock
    this.state = state
  }

  /**
   * Waits for the first word of the supervisor that has started this process.
   *
   * @throws {GatewayError} 'not_replaced': it says nothing, or speaks another protocol.
   */
  static find(parent: ParentChannel = process, clock: Clock = systemClock): Promise<Predecessor> {
    return new Promise((resolve, reject) => {
      const timer = clock.setTimeout(
        () => reject(notReplaced('the running supervisor says nothing')),
        answerWithinMs,
      )
      let found: Predecessor | undefined
      parent.on('message', (said: unknown, handle: unknown) => {
        const message = said as ToSuccessor
        if (found) return found.#onMessage(message, handle as Handle | undefined)
        clock.clearTimeout(timer)
        if (message.type !== 'succeed')
          return reject(notReplaced('the running supervisor says something else'))
        const speaks = message.protocol === successionProtocol && message.workerProtocol === protocol
        if (!speaks)
          return reject(notReplaced('it speaks another IPC protocol: drain this gateway and start it anew'))
        found = new Predecessor(parent, message.state, clock)
        resolve(found)
      })
      parent.on('disconnect', () => {
        if (found) found.#onGone()
      })
    })
  }

  /** The way to one of its workers. */
  channel({ id, pid }: LinkState): Channel {
    const lent: LentWorker = { onMessage: () => {}, onExit: () => {} }
    this.#workers.set(id, lent)
    return {
      pid,
      // Whoever passes on a socket must not read it: what goes over is its handle.
      send: (message, handle, sent) =>
        this.#send(
          { type: 'to-worker', worker: id, message },
          handle instanceof net.Socket ? handleOf(handle) : handle,
          sent,
        ),
      onMessage: (listener) => {
        lent.onMessage = listener
      },
      release: (socket) => socket.destroy(),
      onExit: (listener) => {
        lent.onExit = listener
        const ending = this.#endings.get(id)
        if (ending !== undefined) queueMicrotask(() => this.#ended(id, ending))
      },
      kill: () => this.#send({ type: 'kill-worker', worker: id }),
    }
  }

  /** Who acts on what somebody has asked the old supervisor for, from now on. */
  obey(operations: Obedient): void {
    this.#operations = operations
  }

  /** The workers of here are ready. */
  ready(): void {
    this.#send({ type: 'ready' })
  }

  /**
   * They have passed the trial. `take` gets what the old supervisor has, which does nothing by itself from then on: before anything else
   * that a worker says is read.
   */
  commit(take: (state: Handover) => void): Promise<void> {
    const answer = new Promise<void>((resolve) => {
      this.#onHandover = (state) => {
        take(state)
        resolve()
      }
    })
    this.#send({ type: 'commit' })
    return this.#within(answer)
  }

  /**
   * Resolves when nobody else accepts. There is no way back from here.
   *
   * @throws {GatewayError} 'not_replaced': it does not say so in time, and may still accept.
   */
  serving(): Promise<void> {
    const answer = new Promise<void>((resolve) => {
      this.#onReleased = resolve
    })
    this.#inCharge = true
    this.#send({ type: 'serving' })
    return this.#within(answer)
  }

  /** It goes on, and says this to whoever asked for the upgrade. */
  refuse(error: string): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.setTimeout(resolve, answerWithinMs)
      this.#send({ type: 'refused', error }, undefined, resolve)
    })
  }

  /** How far the connections are, for whoever watches the old supervisor. */
  progress(upgrade: UpgradeInfo): void {
    this.#send({ type: 'upgrade', upgrade })
  }

  /** What became of them, for whoever asked for the upgrade. */
  result(result: UpgradeResult): void {
    this.#send({ type: 'result', result })
  }

  #onMessage(message: ToSuccessor, handle: Handle | undefined): void {
    switch (message.type) {
      case 'from-worker': {
        const worker = this.#workers.get(message.worker)
        return worker ? worker.onMessage(message.message, handle) : handle?.close()
      }
      case 'worker-gone':
        return this.#ended(message.worker, message.ending)
      case 'hand-over':
        return this.#onHandover?.(message.state)
      case 'released':
        return this.#onReleased?.()
      case 'reload':
        return void this.#answer(message.request, async (its) => ({ reloaded: await its.reload() }))
      case 'drain':
        return void this.#answer(message.request, async (its) => ({ drained: await its.drain() }))
      case 'reopen-logs':
        return this.#operations?.reopenLogs()
    }
  }

  async #answer(request: number, ask: (operations: Obedient) => Promise<OperationAnswer>): Promise<void> {
    const answer = this.#operations ? await ask(this.#operations).catch(() => ({})) : {}
    this.#send({ type: 'answer', request, answer })
  }

  #ended(id: number, ending: string): void {
    const worker = this.#workers.get(id)
    if (!worker) return void this.#endings.set(id, ending)
    this.#workers.delete(id)
    worker.onExit(ending)
  }

  /** Its workers end with it. Before this process is in charge nobody needs it then. */
  #onGone(): void {
    if (!this.#inCharge) process.exit(1)
    this.#onReleased?.()
    for (const id of [...this.#workers.keys()]) this.#ended(id, 'its own supervisor has ended')
  }

  async #within<T>(answer: Promise<T>): Promise<T> {
    let timer: unknown
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(notReplaced('the running supervisor does not answer'))
      timer = this.#clock.setTimeout(fail, answerWithinMs)
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      this.#clock.clearTimeout(timer)
    }
  }

  #send(message: FromSuccessor, handle?: unknown, sent: () => void = () => {}): void {
    if (!this.#parent.connected) return sent()
    this.#parent.send?.(message, handle as SendHandle | undefined, { keepOpen: true }, () => sent())
  }
}

function notReplaced(message: string): GatewayError {
  return new GatewayError('not_replaced', 'gateway', message)
}
