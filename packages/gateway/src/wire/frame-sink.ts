import type { Fault } from './frame-rules.ts'

/** Gets what the reader finds, in the order of the stream. */
export interface FrameSink {
  /** Bytes of data frames to hand on as they are. */
  onBytes(bytes: Buffer): void
  /** A message begins. False refuses it: nothing of it is handed on, and the reader stops with 'too-fast'. */
  onMessage(): boolean
  /** A whole control frame: its payload unmasked, and the frame as it came. */
  onControl(op: number, payload: Buffer, frame: Buffer): void
  /** The end of a data frame; called only after `tellNextBoundary()`. */
  onBoundary(): void
  /** The end of a message; called only after `tellMessageEnd()`. */
  onMessageEnd(): void
  /** Nothing more will come from this reader. */
  onFault(fault: Fault): void
}
