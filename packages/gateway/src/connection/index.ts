export { endTcp } from './close-handshake.ts'
export {
  type CloseAction,
  type CloseCause,
  closeMapping,
  httpMapping,
  type SideName,
  type Unserved,
} from './close-mapping.ts'
export { type PackedPipe, Pipe } from './pipe.ts'
export type { Carry, PackedSide } from './side.ts'
