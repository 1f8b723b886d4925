// One worker: a gateway that acts on the supervisor's messages. It knows nothing of processes; worker-main.ts runs it
// in one of its own, single-process.ts beside the supervisor.
import net from 'node:net'
import type { Logger } from 'pino'
import { attempt, type Clock, createLogger, errorMessage, type Handle, systemClock } from '../core/index.ts'
import { noTracing, startTracing, wantsTracing } from '../trace/index.ts'
import { frontRevision } from './front-revision.ts'
import { ProcessUsage } from './process-usage.ts'
import { Rehearsal } from './rehearsal.ts'
import { version } from './version.ts'
import { type FromWorker, protocol, type ToWorker } from './worker-messages.ts'
import { WorkerParts } from './worker-parts.ts'
import { answerRequest } from './worker-requests.ts'

const protocolMismatch = `version ${version} speaks another IPC protocol than the running supervisor: drain this gateway and start it anew`

/** Milliseconds that the last traces get; the supervisor waits a second for the end. */
const tracesWithinMs = 500

/** Milliseconds that the last report may take to go out. */
const lastReportWithinMs = 500

export interface WorkerDeps {
  /** Says something to the supervisor, with a socket where the message asks for one. `sent`: it is on its way. */
  post: (message: FromWorker, handle?: Handle, sent?: () => void) => void
  /** Called when the worker shall end. */
  end: () => void
  clock?: Clock
  /** Where workers find the sessions of each other; nothing: they do not. */
  sessionFolder?: string | undefined
  /**
   * Milliseconds in which it serves connections of its own before it is ready; for a worker that has its process for itself.
   *
   * @default 0: it is ready at once
   */
  rehearsalMs?: number
}

export class Worker {
  readonly #post: WorkerDeps['post']
  readonly #end: () => void
  readonly #clock: Clock
  readonly #sessionFolder: string | undefined
  readonly #rehearsalMs: number
  readonly #usage = new ProcessUsage()
  #rehearsal: Rehearsal | undefined
  #log: Logger | undefined
  #tracing = noTracing
  #parts: WorkerParts | undefined
  #isFaulty = false

  constructor({ post, end, clock = systemClock, sessionFolder, rehearsalMs = 0 }: WorkerDeps) {
    this.#sessionFolder = sessionFolder
    this.#rehearsalMs = rehearsalMs
    this.#post = post
    this.#end = end
    this.#clock = clock
  }

  /** @throws {Error} It has not been told with what to serve. */
  get #configured(): WorkerParts {
    if (!this.#parts) throw new Error('the worker is not configured yet')
    return this.#parts
  }

  /** Acts on one message of the supervisor. `handle` is what came with it. */
  receive(message: ToWorker, handle?: unknown): void {
    attempt(
      () => this.#onMessage(message, handle),
      (error) => {
        this.#log?.error(
          { err: error, message: message?.type },
          'fault while handling a message of the supervisor',
        )
        if (handle instanceof net.Socket) handle.destroy()
      },
    )
  }

  #onMessage(message: ToWorker, handle?: unknown): void {
    switch (message.type) {
      case 'configure':
        void this.#configure(message)
        break
      case 'socket':
        this.#onSocket(message, handle)
        break
      case 'admission':
        this.#parts?.ledger.answer(message.request, message.answer)
        break
      case 'adopt':
        this.#configured.handoverReceiver.client(message, handle as Handle | undefined)
        break
      case 'adopt-upstream':
        this.#configured.handoverReceiver.upstream(message.move, handle as Handle | undefined)
        break
      case 'moved':
        this.#configured.handoverSender.settle(message.move, message.outcome)
        break
      case 'session-answer':
        this.#parts?.fleetSessions?.answer(message.ask, message.answer)
        break
      case 'announce-sessions':
        this.#parts?.fleetSessions?.announceAll()
        break
      case 'sessions-taken':
        this.#parts?.fleetSessions?.taken(message.sessions)
        break
      case 'node-renewed':
        this.#parts?.fleetSessions?.renewed(message.agoMs)
        break
      case 'unanswered':
        this.#parts?.gateway.unanswered(message)
        break
      case 'nodes':
        this.#parts?.relays?.follow(message.nodes)
        break
      case 'reopen-log':
        this.reopenLog()
        break
      case 'ticket-keys':
        this.#parts?.gateway.setTicketKeys(Buffer.from(message.keys, 'base64'))
        break
      case 'go-on':
        this.#configured.handoverSender.resume()
        break
      case 'stop':
        void this.#stopCarrying()
        break
      default:
        void answerRequest(() => this.#configured, message, handle, this.#post)
    }
  }

  /**
   * The supervisor is gone: nobody would restart, reload or drain this worker. It stops listening at once, so that a
   * new supervisor gets the ports, tells its clients 1012 within seconds and ends.
   */
  async abandon(): Promise<void> {
    if (this.#parts) {
      // The connection to the store is gone with the supervisor, too.
      this.#parts.givesNothing = true
      await this.#parts.leaving.abandon()
    }
    this.stop()
  }

  /** Whether it serves connections of its own, and those alone, before it is ready. */
  get rehearses(): boolean {
    return this.#rehearsal !== undefined
  }

  /**
   * A fault that nobody caught, so that nobody knows what it was about. What this worker holds can no longer be trusted,
   * but its clients can still be told: another takes its place, and it drains (docs/decisions/0021).
   */
  fault(error: unknown): void {
    if (this.#rehearsal) {
      // No client has come yet, and nothing of the rehearsal stays; but it may be another's fault, a replay module's.
      this.#log?.warn({ err: error }, 'fault while the worker rehearsed; it serves all the same')
      return this.#rehearsal.fail(error)
    }
    const leaving = this.#parts?.leaving
    if (leaving?.carries) {
      // All that it has are streams that are joined to sockets: nothing that a fault could have spoilt for the others.
      this.#log?.error({ err: error }, 'fault in a carrier; what it carries goes on')
      return
    }
    this.#log?.fatal({ err: error }, 'worker drains after a fault that no connection can be blamed for')
    if (this.#isFaulty) return
    this.#isFaulty = true
    if (!leaving) return this.#end()
    if (this.#parts) this.#parts.givesNothing = true
    this.#post({ type: 'faulty' })
    attempt(
      async () => {
        await leaving.fail()
        this.stop()
      },
      () => this.#end(),
    )
  }

  /** Opens the file of the access log again. */
  reopenLog(): void {
    this.#parts?.gateway.reopenAccessLog()
  }

  /** Ends at once, but for the last bytes of what it carries: the other workers have just ended that. */
  async #stopCarrying(): Promise<void> {
    await this.#parts?.leaving.endCarried()
    this.stop()
  }

  stop(): void {
    this.#parts?.stop()
    const said = this.#sendLastReport()
    this.#usage.stop()
    void Promise.all([this.#tracing.end(tracesWithinMs), said]).then(() => this.#end())
  }

  /** What it has counted since it last reported. Resolves when that is on its way. */
  #sendLastReport(): Promise<void> {
    if (!this.#parts) return Promise.resolve()
    this.#parts.events.send()
    const report = this.#parts.report()
    return new Promise((resolve) => {
      this.#clock.setTimeout(resolve, lastReportWithinMs)
      this.#post({ type: 'last-report', report }, undefined, resolve)
    })
  }

  async #configure(told: Extract<ToWorker, { type: 'configure' }>): Promise<void> {
    try {
      if (told.protocol !== protocol) throw new Error(protocolMismatch)
      const log = createLogger(told.log).child({ worker: told.worker })
      this.#log = log
      if (wantsTracing(process.env)) this.#tracing = await startTracing(process.env, log)
      const parts = new WorkerParts(told, {
        post: this.#post,
        stop: () => this.stop(),
        sessionFolder: this.#sessionFolder,
        usage: this.#usage,
        tracing: this.#tracing,
        clock: this.#clock,
        log,
      })
      this.#parts = parts
      await parts.gateway.prepare()
      if (this.#rehearsalMs > 0) await this.#warmUp(log)
      parts.gateway.start()
      const knows = { version, node: process.version, takesOwn: true, front: frontRevision } as const
      this.#post({ type: 'ready', protocol, report: parts.report(), ...knows })
    } catch (error) {
      this.#post({ type: 'failed', message: errorMessage(error) })
      this.#end()
    }
  }

  /** Whatever becomes of it, this worker can serve. */
  async #warmUp(log: Logger): Promise<void> {
    this.#rehearsal = new Rehearsal({ withinMs: this.#rehearsalMs })
    const { connections, fault } = await this.#rehearsal.run()
    this.#rehearsal = undefined
    log.debug({ connections, fault }, 'rehearsal is over')
  }

  #onSocket({ id, listener, secured }: Extract<ToWorker, { type: 'socket' }>, handle: unknown): void {
    // Said before the first byte is read: without it the supervisor gives its copy of the socket to another worker.
    this.#post({ type: 'took', id })
    // A socket whose client has already left arrives as nothing.
    if (!(handle instanceof net.Socket)) {
      this.#configured.sockets.reportLeft()
      return
    }
    // The receiving process builds the socket with Node's defaults.
    handle.allowHalfOpen = true
    this.#configured.serve(listener, handle, secured)
  }
}
