import { findServers } from './adapters/find-servers.ts'
import type { RestartTarget, SocketOf } from './adapters/targets.ts'
import { messageOf } from './attempt.ts'
import { behindShell, processAbove } from './behind-shell.ts'
import { type RestartOptions, settingsOf } from './options.ts'
import { type RestartReport, run } from './run.ts'
import { onSignals } from './signals.ts'
import { next, type Phase, type RestartEvent, type RestartState } from './state.ts'

/** A server's way out. */
export interface Restart {
  /** Where it is. */
  readonly phase: Phase
  /** The same, with the counts. */
  readonly state: RestartState
  /** Calls the listener with every new state; returns its undo. */
  on(listener: (state: RestartState) => void): () => void
  /** Begins without a signal. Resolves at the end; never rejects. Called again, it gives the same promise. */
  start(): Promise<RestartReport>
  /**
   * Removes the signal handlers, and every listener on the server unless the restart has begun: what has begun
   * goes on. For a server that is closed in another way, such as in a test.
   */
  cancel(): void
}

/**
 * Lets a WebSocket server leave well: on a signal it refuses new connections with 503, tells every client 1012 and
 * when to come back, spread over time, closes the listeners, and lets the process end.
 *
 * `server` is what carries the WebSockets: a `ws` WebSocketServer, a node:http server, a Fastify app, or several of
 * them in an array, such as `[httpServer, webSocketServer]` where `ws` runs with `noServer`. The README lists them.
 * Call it once, when the server starts: of a node:http server alone, WebSockets from before the call are not known.
 * What fails later is logged and not thrown. Behind a shell that passes no SIGTERM on, as with `npm start`, it says so:
 * to `log`, or else as a process warning with the code `HOLDFAST_SIGNAL_SHELL`.
 *
 * @throws {TypeError} It does not know the server, or Bun's server comes without the handlers of `bunSockets`.
 * @throws {RangeError} An option makes no sense: a duration that is none or is longer than 24 days, a `spread` longer
 * than `deadline`, a `retry` with the greater first or over a day, or `requests: 'serve'` on Bun.
 */
export function gracefulRestart<const T extends RestartTarget>(
  server: T,
  options: RestartOptions<SocketOf<T>> = {},
): Restart {
  const settings = settingsOf(options)
  const target = findServers(server, settings)
  const listeners = new Set<(state: RestartState) => void>()
  let state: RestartState = { phase: 'serving' }
  let running: Promise<RestartReport> | undefined

  function report(event: RestartEvent): RestartState {
    state = next(state, event)
    // Before anybody hears of it: a signal from then on has its usual effect.
    if (state.phase === 'done') forgetSignals()
    for (const listener of [...listeners]) {
      try {
        listener(state)
      } catch (error) {
        settings.log(`restart: a listener failed: ${messageOf(error)}`)
      }
    }
    return state
  }

  function start(): Promise<RestartReport> {
    running ??= run(target, settings, report).then((done) => {
      if (settings.exit) process.exit(0)
      return done
    })
    return running
  }

  const forgetSignals = onSignals(settings.signals, () => void start())
  if (settings.signals.includes('SIGTERM')) warnBehindShell(options.log && settings.log)
  return {
    get phase() {
      return state.phase
    },
    get state() {
      return state
    },
    on(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start,
    cancel() {
      forgetSignals()
      if (state.phase === 'serving') target.release()
    },
  }
}

function warnBehindShell(log: ((line: string) => void) | undefined): void {
  const words = behindShell(process.ppid, processAbove)
  if (words === undefined) return
  if (log) log(`restart: ${words}`)
  else process.emitWarning(words, { code: 'HOLDFAST_SIGNAL_SHELL' })
}
