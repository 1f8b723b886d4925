export { endTcp } from './close-handshake.ts'
export {
  type CloseAction,
  type CloseCause,
  closeMapping,
  httpMapping,
  type Unserved,
} from './close-mapping.ts'
export { type PackedPipe, Pipe } from './pipe.ts'
export type { PackedSide } from './side.ts'
