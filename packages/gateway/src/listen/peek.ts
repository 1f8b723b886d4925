// Reads the first bytes of a socket and puts back what belongs to the next protocol.
import type { Socket } from 'node:net'

/** `consumed`: how many of the bytes are not put back. `act` is called when the socket is as unread as a fresh one. */
export type Peeked = { consumed: number; act: () => void }

/**
 * Calls `read` with all bytes so far, whenever there are more, until it knows enough: what it returns ends the look. `'refuse'`,
 * the socket's end, or `timeoutMs` without a result, of which `onLate` tells: the socket is destroyed.
 */
export function peek(
  socket: Socket,
  timeoutMs: number,
  read: (bytes: Buffer) => Peeked | 'refuse' | undefined,
  onLate: () => void = () => {},
): void {
  let bytes: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => {
    onLate()
    socket.destroy()
  }, timeoutMs)
  const stop = () => {
    clearTimeout(timer)
    socket.off('readable', onReadable).off('end', leave).off('close', stop)
  }
  const leave = () => {
    stop()
    socket.destroy()
  }
  const onReadable = () => {
    const chunk = socket.read() as Buffer | null
    if (chunk === null) return
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
    const found = read(bytes)
    if (found === undefined) return
    if (found === 'refuse') return leave()
    stop()
    if (bytes.length > found.consumed) socket.unshift(bytes.subarray(found.consumed))
    // Only on a later tick does a stream without its 'readable' listener count as unread again.
    setImmediate(() => {
      if (!socket.destroyed) found.act()
    })
  }
  socket.on('readable', onReadable).on('end', leave).on('close', stop)
}
