// The supervisor that takes this one's place, seen from here: it is started, tries its workers, and is in charge from the moment
// at which it has said that it accepts. Up to then nothing has changed if it fails. The workers of here stay children of this process,
// which passes on what they and the new supervisor say.
import type { SendHandle } from 'node:child_process'
import { type DrainCounts, GatewayError, guarded, type Handle } from '../core/index.ts'
import type { ReloadResult, UpgradeResult } from '../operate/index.ts'
import { type FromWorker, protocol, type ToWorker } from '../worker/index.ts'
import { accepted } from './accepted.ts'
import {
  type FromSuccessor,
  type OperationAnswer,
  successionProtocol,
  type ToSuccessor,
} from './succession.ts'
import type { SuccessorDeps } from './successor-deps.ts'
import { SuccessorQuestions } from './successor-questions.ts'
import { SuccessorUndo } from './successor-undo.ts'
import type { WorkerLink } from './worker-link.ts'

/** Milliseconds in which it must have started, with workers that are ready, which have 30 s of their own; and in which they must then have been tried. */
const readyWithinMs = 60_000
const triedWithinMs = 60_000
/** Milliseconds in which it must then accept, perhaps behind fronts that start: nobody replaces a worker meanwhile. */
const acceptsWithinMs = 40_000
/** Milliseconds that it may take for a reload, which has limits of its own. */
const reloadWithinMs = 60_000
/** Milliseconds that it gets to end when it shall not take over. */
const endWithinMs = 2000

/** What workers say that is the new supervisor's before it is in charge: it drives the moves. */
const moveTypes = new Set(['move', 'move-upstream', 'adopted', 'not-adopted', 'leaving'])
/** What is about sockets that were accepted here. */
const ownTypes = new Set(['took', 'left'])

export class Successor {
  /** Resolves when it is in charge. Rejects with why it is not: nothing has changed then. */
  readonly inCharge: Promise<void>
  /** Resolves to what became of the connections. */
  readonly result: Promise<UpgradeResult>
  /** Resolves when no worker of here is left, and the result is known, or the new supervisor has ended. */
  readonly done: Promise<void>
  readonly #deps: SuccessorDeps
  readonly #lent = new Map<number, WorkerLink>()
  /** Sockets that the new one has sent to them, by their numbers, and that they have not taken yet. */
  readonly #given = new Map<number, Set<number>>()
  readonly #undo: SuccessorUndo
  readonly #questions: SuccessorQuestions
  #phase: 'starting' | 'handed-over' | 'in-charge' | 'failed' = 'starting'
  /** Nothing that was accepted here is on its way to a worker. */
  #hasReleased = false
  #timer: unknown
  #onCharge!: () => void
  #onRefused!: (error: GatewayError) => void
  #onResult!: (result: UpgradeResult) => void
  #onDone!: () => void
  #hasResult = false

  constructor(deps: SuccessorDeps) {
    this.#deps = deps
    const { child, state, workers, log, clock } = deps
    this.#undo = new SuccessorUndo(deps)
    this.#questions = new SuccessorQuestions((message) => this.#send(message), clock)
    this.inCharge = new Promise((resolve, reject) => {
      this.#onCharge = resolve
      this.#onRefused = reject
    })
    this.result = new Promise((resolve) => {
      this.#onResult = resolve
    })
    this.done = new Promise((resolve) => {
      this.#onDone = resolve
    })
    for (const worker of workers()) this.#lend(worker)
    const onMessage = guarded(
      (message: FromSuccessor, handle?: Handle) => this.#onMessage(message, handle),
      (err, { type }: FromSuccessor, _handle?: Handle) =>
        log.error({ err, type }, 'fault while handling a message of the new supervisor'),
    )
    child.on('message', (message, handle) =>
      onMessage(message as FromSuccessor, handle as Handle | undefined),
    )
    child.once('error', (error: NodeJS.ErrnoException) => this.#onExit(`cannot be started: ${error.code}`))
    child.once('exit', (code, signal) =>
      this.#onExit(signal ? `was killed by ${signal}` : `ended with status ${code}`),
    )
    this.#limit(readyWithinMs, 'was not ready')
    this.#send({ type: 'succeed', protocol: successionProtocol, workerProtocol: protocol, state })
  }

  get pid(): number {
    return this.#deps.child.pid ?? 0
  }

  /** What changes here from now on it does not hear of: it has, or is about to have, everything. */
  get hasAll(): boolean {
    return this.#phase === 'handed-over' || this.#phase === 'in-charge'
  }

  /** It shall not take over: `why` says it. In vain once it has everything: it may be in charge already. */
  cancel(why: string): void {
    if (!this.hasAll) this.#fail(why)
  }

  /** Has it reload; never rejects. */
  async reload(): Promise<ReloadResult> {
    const answer = await this.#ask('reload', reloadWithinMs)
    return (
      answer?.reloaded ?? { ok: false, problems: [`process ${this.pid} serves now, and does not answer`] }
    )
  }

  /** Has it drain everything, and end. */
  async drain(): Promise<DrainCounts> {
    const answer = await this.#ask('drain')
    return answer?.drained ?? { closed: 0, moved: 0, cut: 0 }
  }

  /** Has its workers open the file of the access log again. */
  reopenLogs(): void {
    this.#send({ type: 'reopen-logs' })
  }

  /** Resolves to undefined when it does not answer in time, or has ended. */
  async #ask(what: 'reload' | 'drain', withinMs?: number): Promise<OperationAnswer | undefined> {
    return this.#deps.child.connected ? this.#questions.ask(what, withinMs) : undefined
  }

  /** A worker was started in place of one that ended: it goes on with that, too. */
  lend(worker: WorkerLink): void {
    if (this.#phase === 'starting') this.#lend(worker)
  }

  #lend(worker: WorkerLink): void {
    this.#lent.set(worker.id, worker)
    this.#given.set(worker.id, new Set())
    worker.lend((message, handle) => this.#hear(worker, message, handle))
    void worker.gone.then((ending) => {
      this.#lent.delete(worker.id)
      this.#given.delete(worker.id)
      this.#send({ type: 'worker-gone', worker: worker.id, ending })
      this.#checkDone()
    })
  }

  /** Whether what a worker says is for the new supervisor, and has gone there. */
  #hear(worker: WorkerLink, message: FromWorker, handle: Handle | undefined): boolean {
    if (this.#phase === 'failed') return false
    const { type } = message
    const answers = type === 'answer' || type === 'refusal'
    if (!this.#hasReleased && this.#isOwn(worker, message)) return false
    if (this.#phase === 'handed-over' && !answers && !moveTypes.has(type) && !ownTypes.has(type))
      this.#undo.heardMeanwhile(worker, message)
    if (type === 'move') this.#undo.moves(worker, message)
    this.#send({ type: 'from-worker', worker: worker.id, message }, handle)
    return true
  }

  /** Whether what a worker says is for this process, as long as it has sockets on their way to one. */
  #isOwn(worker: WorkerLink, message: FromWorker): boolean {
    const { type } = message
    if (type === 'took' && this.#given.get(worker.id)?.delete(message.id)) return false
    switch (this.#phase) {
      case 'starting':
        return type !== 'answer' && type !== 'refusal' && !moveTypes.has(type)
      case 'handed-over':
        // Its socket would be lost with a supervisor that does not take over after all.
        return ownTypes.has(type) || type === 'secured'
      default:
        return ownTypes.has(type)
    }
  }

  #onMessage(message: FromSuccessor, handle: Handle | undefined): void {
    // What it said before it knew.
    if (this.#phase === 'failed') return handle?.close()
    switch (message.type) {
      case 'to-worker':
        return this.#tell(message.worker, message.message, handle)
      case 'kill-worker':
        return this.#lent.get(message.worker)?.kill()
      case 'ready':
        return this.#limit(triedWithinMs, 'has not tried its workers')
      case 'commit': {
        if (this.#phase !== 'starting') return
        this.#phase = 'handed-over'
        this.#limit(acceptsWithinMs, 'has not taken over')
        const state = this.#deps.handOver()
        // It hears of all that are ready, also of those that have only just become so.
        for (const worker of this.#deps.workers()) if (!this.#lent.has(worker.id)) this.#lend(worker)
        return this.#send({ type: 'hand-over', state })
      }
      case 'serving':
        return void this.#onServing()
      case 'refused':
        return this.#fail(message.error)
      case 'upgrade':
        return this.#deps.onUpgrade(message.upgrade)
      case 'result':
        this.#hasResult = true
        this.#onResult(message.result)
        return this.#checkDone()
      case 'answer':
        return this.#questions.answered(message.request, message.answer)
    }
  }

  #tell(id: number, message: ToWorker, handle: Handle | undefined): void {
    const worker = this.#lent.get(id)
    if (!worker) return handle?.close()
    if (message.type === 'moved') this.#undo.moved(id, message)
    if (message.type === 'admission' && this.#phase === 'handed-over') this.#undo.answered(id, message)
    if (message.type === 'adopt' && message.admission !== undefined && this.#phase !== 'in-charge')
      this.#undo.adopts(id, message.admission)
    if (message.type === 'socket' && !this.#hasReleased) this.#given.get(id)?.add(message.id)
    if (message.type === 'socket' && handle) worker.forward(message, accepted(handle))
    else worker.forward(message, handle)
  }

  async #onServing(): Promise<void> {
    if (this.#phase !== 'handed-over') return
    const { clock, release, log } = this.#deps
    this.#phase = 'in-charge'
    this.#undo.forget()
    clock.clearTimeout(this.#timer)
    // There is no way back: whatever fails here, the new one has to know that it is alone.
    await release().catch((err) => log.error({ err }, 'fault while another supervisor takes over'))
    this.#hasReleased = true
    this.#given.clear()
    this.#send({ type: 'released' })
    this.#onCharge()
    this.#checkDone()
  }

  #onExit(ending: string): void {
    this.#questions.end()
    if (this.#phase !== 'in-charge') return this.#fail(`the new supervisor ${ending}`)
    if (!this.#hasResult) this.#onResult({ ok: false, error: `the new supervisor ${ending}` })
    this.#onDone()
  }

  #fail(error: string): void {
    if (this.#phase === 'failed' || this.#phase === 'in-charge') return
    const { clock, child, takeBack } = this.#deps
    const handedOver = this.#phase === 'handed-over'
    this.#phase = 'failed'
    clock.clearTimeout(this.#timer)
    // It ends without the channel; one that stands still does not.
    if (child.connected) child.disconnect()
    const killer = clock.setTimeout(() => child.kill('SIGKILL'), endWithinMs)
    child.once('exit', () => clock.clearTimeout(killer))
    for (const worker of this.#lent.values()) worker.lend(undefined)
    this.#undo.giveUp()
    if (handedOver) {
      takeBack()
      this.#undo.hearAgain()
    }
    this.#onRefused(new GatewayError('not_replaced', 'gateway', error))
  }

  #limit(ms: number, what: string): void {
    const { clock } = this.#deps
    clock.clearTimeout(this.#timer)
    this.#timer = clock.setTimeout(() => this.#fail(`the new supervisor ${what} in ${ms / 1000} s`), ms)
  }

  #checkDone(): void {
    if (this.#phase === 'in-charge' && this.#hasResult && this.#lent.size === 0) this.#onDone()
  }

  #send(message: ToSuccessor, handle?: Handle): void {
    const { child } = this.#deps
    // A handle that has gone into the channel is open there, whoever closes this copy.
    const sent = () => handle?.close()
    if (!child.connected) return sent()
    child.send(message, handle as SendHandle | undefined, { keepOpen: true }, sent)
  }
}
