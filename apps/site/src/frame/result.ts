// What is found in a capture: plain data, so that it can come out of a worker.

export type Sender = 'client' | 'server'

export const otherSide = (sender: Sender): Sender => (sender === 'client' ? 'server' : 'client')

/** What is against RFC 6455 or 7692, or keeps a frame from being read. The words are in text/frame.ts. */
export type FaultKind =
  // Frames.
  | 'reservedBits'
  | 'reservedOpcode'
  | 'maskMissing'
  | 'maskForbidden'
  | 'lengthNotMinimal'
  | 'lengthTooLarge'
  | 'controlTooLong'
  | 'controlFragmented'
  | 'continuationWithoutStart'
  | 'startWithinMessage'
  | 'compressedControl'
  | 'invalidUtf8'
  | 'inflateFailed'
  | 'inflateCapped'
  | 'contextLost'
  | 'closeCodeForbidden'
  | 'closeOneByte'
  | 'dataAfterClose'
  | 'incomplete'
  | 'headIncomplete'
  | 'missingBytes'
  // Handshakes.
  | 'notGet'
  | 'httpVersion'
  | 'hostMissing'
  | 'upgradeMissing'
  | 'connectionMissing'
  | 'keyMissing'
  | 'keyWrong'
  | 'version'
  | 'refused'
  | 'acceptMissing'
  | 'acceptWrong'
  | 'protocolNotOffered'
  | 'protocolNotAgreed'
  | 'extensionNotOffered'
  | 'extensionSyntax'
  | 'parameter'
  | 'headSyntax'

export interface Fault {
  readonly what: FaultKind
  /** What the words say about: a number, a name. */
  readonly n?: string | number
}

/** The beginning of a payload, as much of it as is worth showing. */
export interface Excerpt {
  readonly kind: 'text' | 'hex'
  readonly shown: string
  /** Bytes in all, and how many of them are shown. */
  readonly bytes: number
  readonly shownBytes: number
}

export interface CloseContent {
  /** 1005 when the Close has no code (RFC 6455 7.1.5). */
  readonly code: number
  readonly reason: string
  /** Milliseconds after `retry=` in the reason. */
  readonly retry?: number
}

export interface Frame {
  readonly from: Sender
  /** Milliseconds since the first packet of the connection. */
  readonly at?: number
  readonly opcode: number
  readonly length: number
  /** Unknown where the source has whole messages only. */
  readonly fin?: boolean
  readonly rsv?: number
  readonly masked?: boolean
  readonly payload?: Excerpt
  /** The whole message, inflated, at its last frame. */
  readonly inflated?: Excerpt
  readonly close?: CloseContent
  readonly faults: readonly Fault[]
}

export interface DeflateAgreement {
  readonly clientTakeover: boolean
  readonly serverTakeover: boolean
  readonly clientBits: number
  readonly serverBits: number
}

export interface Handshake {
  readonly request?: string
  readonly response?: string
  readonly status?: number
  readonly accept?: 'right' | 'wrong' | 'missing'
  readonly protocol?: string
  readonly offeredProtocols?: string
  readonly extensions?: string
  readonly offeredExtensions?: string
  readonly deflate?: DeflateAgreement
  readonly faults: readonly Fault[]
}

/** How TCP ended: who sent FIN, in order, and who reset it. */
export interface End {
  readonly fin: readonly Sender[]
  readonly reset?: Sender
  readonly at?: number
}

export type ConnectionNote =
  | 'midway'
  | 'encrypted'
  | 'http2'
  | 'gaps'
  | 'lost'
  | 'directionByMask'
  | 'deflateAssumed'
  | 'harNoClose'
  | 'harNoMessages'
  | 'headersOnly'
  | 'overlap'
  | 'moreFrames'

export interface Connection {
  readonly name: string
  readonly handshake?: Handshake
  readonly frames: readonly Frame[]
  /** Frames that are not among these, because there are too many. */
  readonly moreFrames: number
  readonly end?: End
  /** The code that each side reports to its program, where it is known. */
  readonly reports: Partial<Record<Sender, number>>
  readonly notes: readonly { readonly what: ConnectionNote; readonly n?: number }[]
}

export type ResultNote =
  | 'nothing'
  | 'notWebSocket'
  | 'damaged'
  | 'packetsSkipped'
  | 'packetsLeft'
  | 'fragments'
  | 'tooMany'
  | 'unknownInput'
  | 'unknownLink'

export type InputKind = 'bytes' | 'har' | 'netlog' | 'pcap' | 'pcapng'

export interface Result {
  readonly kind?: InputKind
  readonly connections: readonly Connection[]
  readonly notes: readonly { readonly what: ResultNote; readonly n?: number | string }[]
}
