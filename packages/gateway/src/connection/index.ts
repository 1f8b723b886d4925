export { endTcp } from './close-handshake.ts'
export { closeMapping, type Happening, httpMapping, type Told, type Unserved } from './close-mapping.ts'
export { type PackedPipe, Pipe } from './pipe.ts'
export type { PackedSide } from './side.ts'
