// A socket as a worker gets it that has been accepted.
import net from 'node:net'
import type { Handle } from '../core/index.ts'

/** For whoever passes it on: nothing is read of it here. */
export function accepted(handle: Handle): net.Socket {
  return new net.Socket({ handle, pauseOnCreate: true, allowHalfOpen: true } as net.SocketConstructorOpts)
}
