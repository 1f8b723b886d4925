export { Accepted, acceptHandles } from './accepted.ts'
export { Connecting, canConnect } from './connecting.ts'
export { FrameReader } from './frame-reader.ts'
export type { Fault, FrameRules } from './frame-rules.ts'
export type { FrameSink } from './frame-sink.ts'
export {
  closeFrame,
  controlFrame,
  finBit,
  headerLength,
  maskBit,
  maxControlPayload,
  messageFrame,
  opcode,
  payloadLength,
  unmasked,
} from './frames.ts'
export { Joint } from './joint.ts'
export { type Message, MessageReader, type PackedMessageReader } from './message-reader.ts'
export type { PackedReader } from './packed-reader.ts'
export { isLent, keep, putBack, readSize, takeBuffer, takeOver } from './read-buffers.ts'
export { askWhetherReset, handleOf, takeHandle } from './socket-handle.ts'
export { StreamWire } from './stream-wire.ts'
export type { Carry, Leaves, SocketWire, Wire, WireUser } from './wire.ts'
export { lightest, streamOf, wireOf, wireOfHandle } from './wire-of.ts'
export { WriteBatch } from './write-batch.ts'
