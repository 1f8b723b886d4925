// The events of a side's stream, with listeners that all streams share: a connection must not cost closures. Next: side.ts.
import type { Duplex } from 'node:stream'

/** What a side does about its stream. Each call comes in by `enter`, so that a fault in it ends that connection alone. */
export interface StreamSide {
  /** How often the stream has been read. */
  reads: number
  enter(work: () => void): void
  onData(chunk: Buffer): unknown
  onDrain(): void
  onEndOfInput(): void
  onEnd(): void
  onAborted(): void
  enableFastRead(): void
}

const side = Symbol('side')
type Wired = Duplex & { [side]: StreamSide }

/** Tells the side all that happens to the stream but what is read. */
export function wire(stream: Duplex, to: StreamSide): void {
  ;(stream as Wired)[side] = to
  stream.on('drain', onDrain).on('end', onEndOfInput)
  stream.on('close', onClose).on('aborted', onAborted).on('error', onError)
}

/** Hands over what is read, by 'data' events. */
export function readByEvents(stream: Duplex): void {
  stream.on('data', onData)
}

/** Removes all of these listeners. */
export function unwire(stream: Duplex): void {
  stream.off('data', onData)
  stream.off('drain', onDrain).off('end', onEndOfInput)
  stream.off('close', onClose).off('aborted', onAborted)
}

/** Reads after which a stream is worth the faster way: most of the cost of a short connection is its sockets. */
const fastReadAfterReads = 4

function onData(this: Duplex, chunk: Buffer): void {
  const here = (this as Wired)[side]
  here.onData(chunk)
  if (++here.reads === fastReadAfterReads) process.nextTick(enableFastRead, here)
}

function enableFastRead(here: StreamSide): void {
  here.enter(() => here.enableFastRead())
}

function onDrain(this: Duplex): void {
  const here = (this as Wired)[side]
  here.enter(() => here.onDrain())
}

function onEndOfInput(this: Duplex): void {
  const here = (this as Wired)[side]
  here.enter(() => here.onEndOfInput())
}

function onClose(this: Duplex): void {
  const here = (this as Wired)[side]
  here.enter(() => here.onEnd())
}

function onAborted(this: Duplex): void {
  const here = (this as Wired)[side]
  here.enter(() => here.onAborted())
}

/** 'close' follows; a reset is one way for TCP to end. */
function onError(): void {}
