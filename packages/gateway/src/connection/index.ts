export { endTcp } from './close-handshake.ts'
export {
  type CloseAction,
  type CloseCause,
  type ClosePolicy,
  closeMapping,
  httpMapping,
  type SideName,
  type Unserved,
} from './close-mapping.ts'
export { beat, firstPulse, type KeepaliveOptions, type Pulse } from './keepalive.ts'
export { type PackedPipe, Pipe } from './pipe.ts'
export type { Carry, PackedSide } from './side.ts'
