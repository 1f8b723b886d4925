export { canReadFast, mustReadFast, readFast } from './fast-socket.ts'
export {
  type Fault,
  FrameReader,
  type FrameRules,
  type FrameSink,
  type PackedReader,
} from './frame-reader.ts'
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
export { readByEvents, type StreamSide, unwire, wire } from './side-stream.ts'
export {
  askWhetherReset,
  isCarriable,
  isMovable,
  readOn,
  socketOf,
  staysHere,
  stopReading,
  takeHandle,
} from './socket-handle.ts'
export { WriteBatch } from './write-batch.ts'
