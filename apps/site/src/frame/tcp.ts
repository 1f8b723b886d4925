// The TCP connections of a capture, and what of them is WebSocket.
import { type Conversation, converse, type Stream } from './conversation.ts'
import type { Budget } from './inflate.ts'
import type { Packet } from './packets.ts'
import { type Holes, Reassembly } from './reassembly.ts'
import { type Connection, type End, otherSide, type Result, type Sender } from './result.ts'
import { type NoSegment, type Segment, segmentOf } from './segments.ts'

/** The most connections that are shown. */
export const maxConnections = 100
/** The most TCP connections that are put together, and looked at. */
const maxFlows = 10_000

/** One TCP connection. Who is its client is known from a SYN; without one the first to be seen is taken for it. */
interface Flow {
  readonly first: string
  readonly second: string
  /** Whether `first` is known to be the client. */
  readonly known: boolean
  readonly sequence: number
  readonly directions: Record<Sender, Reassembly>
  readonly fin: Sender[]
  reset?: Sender
  endTime?: number
  readonly startTime?: number
}

/** The connections in the order in which they begin. */
export class Flows {
  readonly #byPair = new Map<string, Flow>()
  readonly all: Flow[] = []
  /** Segments of connections beyond the limit. */
  left = 0
  #order = 0
  readonly #holes: Holes = { left: 64 * 1024 * 1024 }

  add(segment: Segment, time: number | undefined): void {
    const { from, to, data } = segment
    const flow = this.#flowOf(segment, time)
    if (!flow) {
      this.left++
      return
    }
    const sender: Sender = from === flow.first && to === flow.second ? 'client' : 'server'
    const direction = flow.directions[sender]
    const order = this.#order++
    if (segment.syn) direction.syn(segment.sequence)
    direction.data(segment.syn ? segment.sequence + 1 : segment.sequence, data, order, time)
    if (segment.fin && !flow.fin.includes(sender)) flow.fin.push(sender)
    if (segment.rst) flow.reset ??= sender
    if ((segment.fin || segment.rst) && flow.endTime === undefined && time !== undefined) flow.endTime = time
  }

  #flowOf({ from, to, syn, ack, sequence }: Segment, time: number | undefined): Flow | undefined {
    const pair = from < to ? `${from} ${to}` : `${to} ${from}`
    const known = this.#byPair.get(pair)
    // A SYN with another number begins another connection between the same ports; the same number, and it is sent again.
    const opens = syn && !ack
    if (known && !(opens && (known.sequence !== sequence || known.first !== from))) return known
    if (this.all.length >= maxFlows) return undefined
    const answers = syn && ack
    const flow: Flow = {
      first: answers ? to : from,
      second: answers ? from : to,
      known: syn,
      sequence: opens ? sequence : -1,
      directions: { client: new Reassembly(this.#holes), server: new Reassembly(this.#holes) },
      fin: [],
      ...(time !== undefined && { startTime: time }),
    }
    this.#byPair.set(pair, flow)
    this.all.push(flow)
    return flow
  }
}

/** The connections of packets that are WebSocket, and what else there is to say. */
export function readPackets(packets: readonly Packet[], budget: Budget): Omit<Result, 'kind'> {
  const flows = new Flows()
  const skipped: Record<NoSegment, number> = { other: 0, fragment: 0, cut: 0, link: 0 }
  let unknownLink: number | undefined
  for (const { bytes, link, time } of packets) {
    const segment = segmentOf(bytes, link)
    if (typeof segment !== 'string') flows.add(segment, time)
    else {
      skipped[segment]++
      if (segment === 'link') unknownLink = link
    }
  }
  const notes: { what: Result['notes'][number]['what']; n?: number }[] = []
  const connections: Connection[] = []
  let others = 0
  for (const flow of flows.all) {
    const connection = connectionOf(flow, budget)
    if (connection) connections.push(connection)
    else if (!flow.directions.client.isEmpty || !flow.directions.server.isEmpty) others++
  }
  const { length } = connections
  if (length > maxConnections) notes.push({ what: 'tooMany', n: length - maxConnections })
  if (flows.left > 0) notes.push({ what: 'packetsLeft', n: flows.left })
  if (others > 0) notes.push({ what: 'notWebSocket', n: others })
  if (skipped.fragment > 0) notes.push({ what: 'fragments', n: skipped.fragment })
  if (skipped.cut > 0) notes.push({ what: 'packetsSkipped', n: skipped.cut })
  if (unknownLink !== undefined) notes.push({ what: 'unknownLink', n: unknownLink })
  return { connections: connections.slice(0, maxConnections), notes }
}

function connectionOf(flow: Flow, budget: Budget): Connection | undefined {
  const streams = { client: flow.directions.client.end(), server: flow.directions.server.end() }
  const conversation: Conversation = {
    name: `${flow.first} → ${flow.second}`,
    ...streams,
    end: endOf(flow),
    startTime: flow.startTime,
    budget,
  }
  const special = encrypted(streams.client, streams.server)
  if (special) return opaque(conversation, special)
  const found = converse(conversation)
  if (found && (flow.directions.client.overlaps || flow.directions.server.overlaps))
    return { ...found, notes: [...found.notes, { what: 'overlap' }] }
  if (found || flow.known) return found
  // Without a SYN the other one may be the client.
  return converse({
    ...conversation,
    name: `${flow.second} → ${flow.first}`,
    client: streams.server,
    server: streams.client,
    end: turned(conversation.end),
  })
}

function endOf({ fin, reset, endTime, startTime }: Flow): End | undefined {
  if (fin.length === 0 && reset === undefined) return undefined
  const at = endTime !== undefined && startTime !== undefined ? { at: endTime - startTime } : {}
  return { fin, ...(reset && { reset }), ...at }
}

function turned(end: End | undefined): End | undefined {
  return end && { ...end, fin: end.fin.map(otherSide), ...(end.reset && { reset: otherSide(end.reset) }) }
}

/** TLS (RFC 8446 5.1: type, version 3.x) or HTTP/2 (RFC 9113 3.4), which is more than this page reads. */
export function encrypted(client: Stream, server: Stream): 'encrypted' | 'http2' | undefined {
  const tls = ({ bytes: [type = 0, major, minor = 9] }: Stream) =>
    type >= 0x14 && type <= 0x18 && major === 3 && minor <= 4
  if (tls(client) || tls(server)) return 'encrypted'
  const preface = [...'PRI * HTTP/2.0'].every((c, i) => client.bytes[i] === c.charCodeAt(0))
  return preface ? 'http2' : undefined
}

function opaque({ name, end }: Conversation, what: 'encrypted' | 'http2'): Connection {
  return { name, frames: [], moreFrames: 0, ...(end && { end }), reports: {}, notes: [{ what }] }
}
