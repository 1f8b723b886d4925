// The packets of a capture, whatever file they were in.

export interface Packet {
  readonly bytes: Uint8Array
  /** The link type of tcpdump.org/linktypes.html. */
  readonly link: number
  /** Milliseconds since 1970. */
  readonly time?: number
}

/** What could be read of a file, and whether it is damaged or cut off. */
export interface Packets {
  readonly packets: readonly Packet[]
  readonly damaged: boolean
}

/** More than this are not read: 64 MiB of packets of 64 bytes. */
export const maxPackets = 1_000_000

export const view = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
