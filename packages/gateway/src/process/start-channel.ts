// In: how a worker is started. Out: the way to it; where it could not be started, one that has ended at once, so that who replaces
// workers tries again.
import type { Channel } from '../worker/index.ts'

export function startChannel(start: () => Channel): Channel {
  try {
    return start()
  } catch (error) {
    return unstarted(`cannot be started: ${(error as Error).message}`)
  }
}

function unstarted(ending: string): Channel {
  return {
    pid: 0,
    send: (_message, _handle, sent) => sent?.(),
    onMessage() {},
    release: (socket) => socket.destroy(),
    // Later, as from a process: whoever listens is told what to serve with before.
    onExit: (listener) => queueMicrotask(() => listener(ending)),
    kill() {},
  }
}
