// What ends a running gateway or changes it: signals, its terminal that goes away, and a shell that keeps signals from it.
import type { createLogger, Supervisor } from '@holdfast/gateway'
import { swallowingShell } from '@holdfast/restart'
import { ownTerminal } from './own-terminal.ts'

type Log = ReturnType<typeof createLogger>

/** Milliseconds between two looks at who started this process, and from a SIGHUP to the second look at the terminal. */
const lookEveryMs = 1000

/** Whether another supervisor has taken over, and to whom signals go then; nobody: this process is not the one that they are for. */
export interface Replaceable {
  readonly replaced: { passOnTo: number | undefined } | undefined
}

/**
 * Has the gateway obey from now on; the result lets go of all but the signals, which a second one ends it by, and which go on to the
 * supervisor that has taken over.
 */
export function obeySignals(supervisor: Supervisor, log: Log, place: Replaceable): () => void {
  let leaving = false
  /** Whether the signal is another process's. */
  const passOn = (signal: NodeJS.Signals) => {
    const { replaced } = place
    if (replaced?.passOnTo !== undefined) {
      try {
        process.kill(replaced.passOnTo, signal)
      } catch {
        // It has just ended, and so will this process.
      }
    }
    return replaced !== undefined
  }
  const failed = (what: string, done: Promise<unknown>) => {
    done.catch((error: Error) => log.error({ error: error.message }, `the ${what} has failed`))
  }
  const drain = () => {
    if (leaving) return
    leaving = true
    failed('drain', supervisor.drain())
  }
  const leave = (signal: NodeJS.Signals) => {
    if (passOn(signal)) return
    if (leaving) {
      // The second time: whoever asks does not want to wait.
      supervisor.kill()
      process.exit(130)
    }
    log.info({ signal }, 'asked to end; once more to end at once')
    drain()
  }
  process.on('SIGINT', leave)
  process.on('SIGTERM', leave)
  const terminal = watchTerminal(() => {
    if (passOn('SIGTERM')) return
    log.info('the terminal has been closed: draining')
    drain()
  })
  // Reload and upgrade log what came of them.
  process.on('SIGHUP', () => {
    if (!terminal.hungUp() && !passOn('SIGHUP')) failed('reload', supervisor.reload())
  })
  process.on('SIGUSR1', () => {
    if (!passOn('SIGUSR1')) supervisor.reopenLogs()
  })
  process.on('SIGUSR2', () => {
    if (!passOn('SIGUSR2')) failed('upgrade', supervisor.upgrade())
  })
  const forgetShell = watchShell(log, () => {
    if (!passOn('SIGTERM')) drain()
  })
  return () => {
    terminal.forget()
    forgetShell()
  }
}

/** Tells a SIGHUP that means 'your terminal is gone' from one that means 'read your configuration again'. */
function watchTerminal(onGone: () => void): { hungUp(): boolean; forget(): void } {
  const terminal = ownTerminal()
  let again: NodeJS.Timeout | undefined
  const gone = () => {
    const is = terminal !== undefined && !terminal.isThere()
    if (is) onGone()
    return is
  }
  return {
    hungUp() {
      if (gone()) return true
      // A shell may send it to its jobs before it ends, and its terminal with it.
      clearTimeout(again)
      if (terminal) again = setTimeout(gone, lookEveryMs).unref()
      return false
    },
    forget: () => clearTimeout(again),
  }
}

/** Says which shell keeps SIGTERM from this process; when that shell has been stopped, so is the gateway. */
function watchShell(log: Log, onStopped: () => void): () => void {
  const shell = swallowingShell()
  if (!shell) return () => {}
  log.warn(`${shell.words}; \`holdfast stop\` and kill ${process.pid} do reach it`)
  if (!shell.waits) return () => {}
  const { ppid } = process
  const timer = setInterval(() => {
    if (process.ppid === ppid) return
    clearInterval(timer)
    log.warn(
      { pid: ppid },
      'the shell that started this gateway has been stopped, without a signal to it: draining',
    )
    onStopped()
  }, lookEveryMs).unref()
  return () => clearInterval(timer)
}
