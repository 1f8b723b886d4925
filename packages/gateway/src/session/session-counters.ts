// What a session has counted, as another node of its fleet reads it when this one is dead, and what may be missing or come twice then.
// Pure. docs/decisions/0082.
import { readSize } from '../wire/index.ts'

export interface SessionCounters {
  /** Data messages of the client that the gateway has received; and of these, those that the upstream is known to have read. */
  received: number
  confirmed: number
  /** Data messages that the upstream has sent. */
  taken: number
  /** Number of the newest token. */
  token: number
  /** How often it went on with another upstream. */
  reattached: number
  /** Messages a second, each way, lately and at most. */
  receivedRate: number
  takenRate: number
  /** At most so many messages of the upstream are with the gateway, and not with the client. Absent from nodes of earlier code. */
  mostKept?: number
  /** Of what was missing before, so many messages at most that the client has not acknowledged to have been told of. */
  untold?: number
  /** How often the session had been taken over when this was written. Absent from nodes of earlier code. */
  epoch?: number
}

/** What a session has gone through that a node goes on with whose last word of it was these counters. */
export interface Bounds {
  /** Data messages of the client's that have certainly arrived. */
  received: number
  /** At most so many messages of the upstream's are missing. What is missing of its own the client knows. */
  lost: number
  /** About so many may reach the upstream twice: for a client that does not know how many it sends again. */
  doubled: number
}

/** Bytes that a gateway may have read of an upstream for a client when it notices that it has to stop: a frame that it completes, and reads. */
const readOn = 4 * readSize
/** Bytes that the shortest message takes: an empty one, whose frame is not masked. RFC 6455 5.2. */
const shortestMessage = 2

/** At most so many messages of the upstream are with a gateway that keeps `window` bytes for its client. */
export function mostKeptBy(window: number): number {
  // One goes over the window.
  return Math.ceil((window + readOn) / shortestMessage) + 1
}

/** The number of this form. Readers take this one and the one before; what comes behind the fields that they know they pass over. */
const version = 1

/** Milliseconds for which a change may not have been said yet. */
const unsaidMs = 1500
/** Messages that may have come at once, where before there were none. */
const burst = 16
/** So many times as fast as before it may have gone. */
const faster = 2

export function writeCounters(counters: Required<SessionCounters>): string {
  const { received, confirmed, taken, token, reattached, receivedRate, takenRate } = counters
  const { mostKept, untold, epoch } = counters
  const first = [version, received, confirmed, taken, token, reattached, receivedRate, takenRate]
  return [...first, mostKept, untold, epoch].join(' ')
}

/** Of a session that has just begun. */
const none: SessionCounters = {
  ...{ received: 0, confirmed: 0, taken: 0, token: 1 },
  ...{ reattached: 0, receivedRate: 0, takenRate: 0, epoch: 0 },
}

/** Undefined: of a form that this code does not know. */
export function readCounters(text: string): SessionCounters | undefined {
  if (text === '') return none
  const [form, ...fields] = text.split(' ').map(Number)
  if (form !== version && form !== version - 1) return undefined
  if (fields.length < 7 || !fields.every((field) => Number.isSafeInteger(field) && field >= 0))
    return undefined
  const [received, confirmed, taken, token, reattached, receivedRate, takenRate] = fields as number[]
  const [mostKept, untold, epoch] = fields.slice(7)
  return {
    received: received!,
    confirmed: Math.min(confirmed!, received!),
    taken: taken!,
    token: token!,
    reattached: reattached!,
    receivedRate: receivedRate!,
    takenRate: takenRate!,
    ...(epoch !== undefined && { mostKept: mostKept!, untold: untold!, epoch }),
  }
}

/** Who goes on with a session. */
export interface Successor {
  /** How often the session has been taken over now. */
  epoch: number
  /** Bytes that are kept for its client here, where what was written does not say what its last node kept. */
  window: number
  /** Milliseconds since the dead node was last heard of; it may have gone on for as long. */
  silentMs: number
}

/**
 * What has become of the messages. `lost` is never too small, however old the counters are and whatever came since: a gateway reads no
 * more of an upstream while it keeps a window of what the client has not acknowledged.
 */
export function boundsOf(counters: SessionCounters, { epoch, window, silentMs }: Successor): Bounds {
  const { received, confirmed, receivedRate, mostKept = mostKeptBy(window), untold = 0 } = counters
  // Each node that had it since, and has written nothing, may have kept as much.
  const nodes = Math.max(1, epoch - (counters.epoch ?? epoch - 1))
  const seconds = (Math.max(0, silentMs) + unsaidMs) / 1000
  const unsaid = burst + Math.ceil(faster * receivedRate * seconds)
  return {
    received: confirmed,
    lost: untold + nodes * mostKept,
    doubled: received + unsaid - confirmed,
  }
}

/** How fast a count grows, by looks at it. */
export class Rate {
  #count = 0
  #at: number
  #perSecond = 0

  constructor(now: number) {
    this.#at = now
  }

  /** As of the last look. */
  get perSecond(): number {
    return this.#perSecond
  }

  /** Messages a second: that of the last second or more, or half of what it was before. */
  look(count: number, now: number): number {
    const passedMs = now - this.#at
    if (passedMs < 1000) return this.#perSecond
    const lately = ((count - this.#count) * 1000) / passedMs
    this.#perSecond = Math.ceil(Math.max(lately, this.#perSecond / 4))
    if (lately === 0 && this.#perSecond <= 1) this.#perSecond = 0
    this.#count = count
    this.#at = now
    return this.#perSecond
  }
}
