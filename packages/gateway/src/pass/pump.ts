// In: a stream that is read. Out: another that is written, no faster than it takes.
import type { Readable, Writable } from 'node:stream'

export interface PumpOptions {
  /** Everything has been read; `bytes` were handed on. */
  onEnd: (bytes: number) => void
  /** Bytes that are handed on at most; the rest is thrown away. */
  maxBytes?: number
}

/** The result ends it: what comes from then on is read and thrown away. */
export function pump(from: Readable, to: Writable, options: PumpOptions): () => void {
  const { onEnd, maxBytes = Number.POSITIVE_INFINITY } = options
  let bytes = 0
  const onData = (chunk: Buffer) => {
    const taken = bytes + chunk.length > maxBytes ? chunk.subarray(0, maxBytes - bytes) : chunk
    bytes += taken.length
    if (taken.length > 0 && !to.write(taken)) from.pause()
  }
  const onDrain = () => void from.resume()
  const ended = () => {
    stop()
    onEnd(bytes)
  }
  const stop = () => {
    from.off('data', onData).off('end', ended).resume()
    to.off('drain', onDrain)
  }
  from.on('data', onData).on('end', ended).resume()
  to.on('drain', onDrain)
  return stop
}
