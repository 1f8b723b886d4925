// A worker in a process of its own.
import { fork, type SendHandle } from 'node:child_process'
import type { Handle } from '../core/index.ts'
import type { Channel, FromWorker } from '../worker/index.ts'
import { sessionFolder } from './session-folder.ts'

/**
 * MiB of each half of the space for young objects. With more, which is what Node takes, an idle connection costs up to
 * twice the memory, and a worker that has read anything at all 20 MiB.
 */
const semiSpaceMiB = 8

/** Milliseconds after a worker's end in which its last words must have been read. */
const lastMessagesWithinMs = 1000

/** Starts the process of a worker, with `more` in its environment. It logs to the same standard error; its standard output is the supervisor's too. */
export function forkWorker(
  program: URL = new URL('../worker-main.js', import.meta.url),
  more: Record<string, string> = {},
): Channel {
  const execArgv = [...process.execArgv, `--max-semi-space-size=${semiSpaceMiB}`]
  const env = { ...process.env, HOLDFAST_SESSIONS: sessionFolder, ...more }
  const child = fork(program, { execArgv, env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  return {
    pid: child.pid ?? 0,
    send: (message, handle, sent = () => {}) => {
      if (!child.connected) return sent()
      // keepOpen: this process closes its copy when the worker has said that it took the socket. Errors are
      // those of a channel that has just broken.
      child.send(message, handle as SendHandle | undefined, { keepOpen: true }, () => sent())
    },
    onMessage: (listener) =>
      child.on('message', (message, handle) => listener(message as FromWorker, handle as unknown as Handle)),
    // destroy() closes this process's descriptor; it does not shut the connection down.
    release: (socket) => socket.destroy(),
    onExit: (listener) => {
      let ended = false
      const end = (ending: string) => {
        if (!ended) listener(ending)
        ended = true
      }
      child.once('exit', (code, signal) => {
        const ending = signal ? `killed by ${signal}` : `ended with status ${code}`
        if (!child.connected) return end(ending)
        // What it said before may still lie in the channel, which ends after it.
        const timer = setTimeout(end, lastMessagesWithinMs, ending)
        child.once('disconnect', () => {
          clearTimeout(timer)
          end(ending)
        })
      })
      child.on('error', (error: NodeJS.ErrnoException) => {
        // Also says when a signal could not be sent; only a process that was never started has no exit to wait for.
        if (child.pid === undefined) end(`cannot be started: ${error.code ?? error.message}`)
      })
    },
    kill: () => child.kill('SIGKILL'),
  }
}
