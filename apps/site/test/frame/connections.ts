// Captures of one connection, and what was found in them.
import { expect } from 'vitest'
import { readFile } from '../../src/frame/read.ts'
import type { Connection, FaultKind, Result } from '../../src/frame/result.ts'
import { ipPacket, pcap, request, response, type Tcp } from './wire.ts'

/** The mask of every client in these tests. */
export const key = Uint8Array.of(1, 2, 3, 4)
export const deflate = 'Sec-WebSocket-Extensions: permessage-deflate\r\n'

/** The only connection of a result. */
export function only(result: Result): Connection {
  expect(result.connections).toHaveLength(1)
  return result.connections[0]!
}

export const faultsOf = (connection: Connection): FaultKind[] => [
  ...(connection.handshake?.faults ?? []).map(({ what }) => what),
  ...connection.frames.flatMap(({ faults }) => faults.map(({ what }) => what)),
]

/** A capture of one connection: its handshake, and what each side sent after it. */
export function packetsOf(
  sent: { client?: Buffer[]; server?: Buffer[] },
  extra = '',
  cut = inSegments,
): Tcp[] {
  const client = { from: '10.0.0.1', to: '10.0.0.2', ports: [40_000, 80] } as const
  const server = { from: '10.0.0.2', to: '10.0.0.1', ports: [80, 40_000] } as const
  // Near the end of the numbers, so that they go round.
  let one = 0xffffffd0
  let other = 0xfffffff0
  const say = (from: 'client' | 'server', data: Buffer): Tcp[] =>
    cut(data).map((part) => {
      const segment =
        from === 'client'
          ? { ...client, sequence: one, data: part }
          : { ...server, sequence: other, data: part }
      if (from === 'client') one += part.length
      else other += part.length
      return segment
    })
  return [
    { ...client, sequence: one - 1, flags: { syn: true } },
    { ...server, sequence: other - 1, flags: { syn: true, ack: true } },
    ...say('client', request(extra)),
    ...say('server', response(extra)),
    ...(sent.client ?? []).flatMap((bytes) => say('client', bytes)),
    ...(sent.server ?? []).flatMap((bytes) => say('server', bytes)),
  ]
}

export function captured(sent: { client?: Buffer[]; server?: Buffer[] }, extra = ''): Connection {
  return only(readFile(pcap(packetsOf(sent, extra).map(ipPacket))))
}

/** An IP packet holds no more. */
function inSegments(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / 60_000)
  return Array.from({ length: count }, (_, i) => bytes.subarray(60_000 * i, 60_000 * (i + 1)))
}
