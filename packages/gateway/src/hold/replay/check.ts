// Tries a replay module in a process of its own: at its top level a module can do anything, also never end.
import { fork } from 'node:child_process'
import { GatewayError } from '../../core/index.ts'

/** Milliseconds that a module may take, the start of the process included. */
const checkWithinMs = 5000

/** What check-main.ts says. */
export interface ReplayVerdict {
  /** Why the module cannot be used. */
  replayFault?: string
}

/** Loads the module and has it make a `Replay`. Rejects with a GatewayError that says what is wrong with it. */
export function checkReplayFile(path: string): Promise<void> {
  const child = fork(new URL('./check-main.js', import.meta.url), [path], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    const fail = (words: string) => end(() => reject(new GatewayError('replay_file', 'gateway', words)))
    const timer = setTimeout(
      () =>
        fail(
          `the replay module ${path} was not loaded within ${checkWithinMs / 1000} s: does it loop or wait?`,
        ),
      checkWithinMs,
    )
    const end = (settle: () => void) => {
      clearTimeout(timer)
      // It may have left timers or sockets behind, or loop.
      child.kill('SIGKILL')
      settle()
    }
    child.once('error', (error) => fail(`cannot check the replay module ${path}: ${error.message}`))
    child.once('exit', (status, signal) =>
      fail(
        `the replay module ${path} ended its process while it was loaded (${signal ?? `status ${status}`})`,
      ),
    )
    child.once('message', ({ replayFault }: ReplayVerdict) =>
      replayFault === undefined ? end(resolve) : fail(replayFault),
    )
  })
}
