// What two nodes say to each other before they join a client to its session. Pure: what is read here comes from a network.
import { randomBytes } from 'node:crypto'
import { count, flag, list, oneOf, optional, pair, record, text } from '../core/index.ts'
import type { ClientHandshake, HeaderList, UpgradeRequest } from '../http/index.ts'
import type { Line } from './transcript.ts'

/** Of this dialogue, the newest first: a node speaks this version and the one before. */
export const relayVersions: readonly number[] = [2, 1]
/** From this one on a node that drains gives sessions away. */
export const givesSince = 2

/** Bytes of a first line, which anybody can send. */
export const longestHello = 1024
/** Bytes of any other line: a handshake of a client, or its answer. */
export const longestLine = 256 * 1024
/** Bytes of a session that is given away. */
export const longestGiven = 16 * 1024 * 1024

/** The first words, of the node that the client is at. */
export interface Hello {
  /** The versions that it speaks. */
  relay: number[]
  fleet: string
  from: string
  to: string
  nonce: string
}

/** The other's, which is the first to choose a version. */
export interface Challenge {
  version: number
  nonce: string
}

export type Ask = Pick<ClientHandshake, 'request' | 'ours'>
type Accepted = Parameters<ClientHandshake['accept']>[0]
type Refused = { status: number; reason?: string; headers: HeaderList; body?: string }
/** What becomes of the client: what a `ClientHandshake` is told. After `accept` the connection is the client's. */
export type RelayAnswer = { has: false } | { accept: Accepted } | { refuse: Refused }

/** A node that drains asks whether another one takes a session of this route, which is kept for so many bytes. */
export interface Offer {
  give: { route: string; bytes: number }
}

/** What becomes of an offer. `why`, for the log: it is not taken. */
export interface OfferAnswer {
  takes: boolean
  why?: string
  /** It may take one in a moment. */
  later?: boolean
}

/** The session: its id and epoch in the store, and all of it, sealed. */
export interface Handover {
  id: string
  epoch: number
  session: string
}

/** Whether the session is the other node's now; not: it is where it was. */
export interface HandoverAnswer {
  taken: boolean
}

/** What is told of a client: the fields that this version of the dialogue has. */
export function askOf({ request, ours }: ClientHandshake): Ask {
  const { httpVersion, target, host, authority, headers, key, protocols, extensions, origin, address } =
    request
  const its = { httpVersion, target, host, authority, headers, key, protocols, extensions, address }
  return { request: { ...its, ...(origin !== undefined && { origin }) }, ours }
}

export function newNonce(): string {
  return randomBytes(16).toString('base64url')
}

const headers = list(pair(text, text))
const isHello = record<Hello>({ relay: list(count), fleet: text, from: text, to: text, nonce: text })
const isChallenge = record<Challenge>({ version: count, nonce: text })
const isRequest = record<UpgradeRequest>({
  httpVersion: oneOf('1.1', '2'),
  target: text,
  host: text,
  authority: text,
  headers,
  key: text,
  protocols: list(text),
  extensions: text,
  origin: optional(text),
  address: text,
})
const isAsk = record<Ask>({ request: isRequest, ours: flag })
const isAnswer = record<{ has?: boolean; accept?: Accepted; refuse?: Refused }>({
  has: optional(flag),
  accept: optional(record<Accepted>({ protocol: optional(text), extensions: optional(text), headers })),
  refuse: optional(record<Refused>({ status: count, reason: optional(text), headers, body: optional(text) })),
})

const isOffer = record<Offer>({ give: record<Offer['give']>({ route: text, bytes: count }) })
const isOfferAnswer = record<OfferAnswer>({ takes: flag, why: optional(text), later: optional(flag) })
const isHandover = record<Handover>({ id: text, epoch: count, session: text })
const isHandoverAnswer = record<HandoverAnswer>({ taken: flag })

function reader<T>(check: (value: unknown, at: string) => void): (line: Line | undefined) => T | undefined {
  return (line) => {
    try {
      check(line?.words, 'relay')
      return line?.words as T
    } catch {
      return undefined
    }
  }
}

/** Each reads a line, or gives undefined for any other one. */
export const readHello = reader<Hello>(isHello)
export const readChallenge = reader<Challenge>(isChallenge)
export const readAsk = reader<Ask>(isAsk)
export const readOffer = reader<Offer>(isOffer)
export const readOfferAnswer = reader<OfferAnswer>(isOfferAnswer)
export const readHandover = reader<Handover>(isHandover)
export const readHandoverAnswer = reader<HandoverAnswer>(isHandoverAnswer)
export const readAnswer = (line: Line | undefined): RelayAnswer | undefined => {
  const answer = reader<{ has?: false; accept?: Accepted; refuse?: Refused }>(isAnswer)(line)
  if (answer?.accept) return { accept: answer.accept }
  if (answer?.refuse) return { refuse: answer.refuse }
  return answer?.has === false ? { has: false } : undefined
}
