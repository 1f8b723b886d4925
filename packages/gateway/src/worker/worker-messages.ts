import type {
  AcmeShared,
  ConnectionFilter,
  ConnectionInfo,
  DrainCounts,
  DrainScope,
  FleetNode,
  GatewayEvent,
  GatewayOptions,
  GatewaySnapshot,
  LimitOptions,
  LogOptions,
  PlannedKind,
  ProcessInfo,
} from '../core/index.ts'
import type { AnnouncedSession, Claimed, FoundSession, SessionHolder } from '../fleet/index.ts'
import { formatHostPort, type Secured } from '../listen/index.ts'

/** What supervisor and workers say to each other. All of it is plain data and travels as JSON. */

/**
 * The number of this vocabulary and of `GatewayOptions`. A supervisor lives longer than the code on disk: after an
 * upgrade of its workers it may speak to later code, which refuses another number. A packed connection has a number of
 * its own (packed-connection.ts).
 */
export const protocol = 2

/** Of one route's connections. */
export interface RouteChanges {
  /** Accepted. */
  opened: number
  /** By code and by whom, as in `RouteCounters`. */
  closes: Record<string, number>
}

export interface WorkerReport {
  snapshot: GatewaySnapshot
  process: ProcessInfo
}

/** Answer of the ledger; `admission` is what a later `release` names. */
export type AdmissionAnswer =
  | { ok: true; admission: number }
  | { ok: false; limit: 'connections' | 'perAddress' | 'handshakesPerSecond' | 'unknown'; retry: number }

/** What a worker asks about sessions of the fleet. */
export type SessionAsk =
  | { what: 'announce'; forMs: number; sessions: AnnouncedSession[] }
  | { what: 'find'; id: string }
  | { what: 'claim'; id: string; holder: SessionHolder; forMs: number }
  | { what: 'forget'; sessions: { id: string; epoch: number }[] }

/** What it is told. `away`: the store does not answer, or there is no fleet. */
export type SessionAnswer =
  | { what: 'away' }
  | { what: 'announce'; taken: (SessionHolder & { id: string })[] }
  | { what: 'find'; found?: FoundSession | undefined }
  | { what: 'claim'; claimed: Claimed }
  | { what: 'forget' }

/** What the supervisor asks, and what comes back. Each has a number and a time limit. */
export interface Requests {
  /** Comes with a bound handle: accept from it. The answer is an error code of the system when it cannot. */
  listen: { ask: { listener: string }; answer: { error?: string } }
  /** Stop accepting from one listener, or from all. */
  unlisten: { ask: { listener?: string }; answer: Record<never, never> }
  /** Load what these options need, and change nothing. A worker that has done so can be told to `reload`. */
  'prepare-reload': { ask: { options: GatewayOptions }; answer: Record<never, never> }
  reload: { ask: { options: GatewayOptions; drain?: number }; answer: { drained: number } }
  drain: { ask: { scope?: DrainScope; drain?: number }; answer: DrainCounts & { report: WorkerReport } }
  /** Give a session to each of these nodes, as in `Gateway.giveSome`. Workers of earlier code refuse it. */
  give: {
    ask: { run: number; to: readonly string[] }
    answer: { given: string[]; notGiven: number; none: boolean }
  }
  undrain: { ask: { scope: DrainScope }; answer: { found: boolean } }
  snapshot: { ask: Record<never, never>; answer: WorkerReport }
  connections: { ask: { filter: ConnectionFilter }; answer: { connections: ConnectionInfo[] } }
  'close-connection': { ask: { id: string; code: number; reason: string }; answer: { found: boolean } }
  /**
   * Others take this worker's place: it moves its connections to them, for at most `within` milliseconds, drains what
   * is left, and answers when it has none any more.
   */
  leave: {
    ask: {
      within: number
      /** Where the sockets to what it carries for them shall be. Absent: it carries nothing. */
      carry?: { directory: string }
      /** It may be asked to `return`, until `rest`. Workers of earlier code rest at once. */
      stay?: boolean
    }
    /** `carried`: for how many of their connections it keeps streams; it ends by itself behind the last. */
    answer: { report: WorkerReport; carried?: number }
  }
  /** Those that have this worker's place are given up: it moves nothing any more, and can serve again. */
  return: { ask: Record<never, never>; answer: Record<never, never> }
  /** Nobody will ask it to `return`. The answer is as that of `leave`. */
  rest: { ask: Record<never, never>; answer: { carried: number } }
  /**
   * Moves a few connections to the workers of the next version: this share of them, and at least one of each kind. The answer
   * says what became of them; the others stay.
   */
  'move-canaries': {
    ask: { share: number; carry?: { directory: string } }
    answer: { outcomes: Partial<Record<MoveOutcome, number>> }
  }
  /**
   * Moves a connection of its own, with known bytes, to each of these workers. The answer says what is wrong with one. Workers of
   * earlier code refuse it.
   */
  'try-with-own': { ask: { directory: string; workers: number[] }; answer: { fault?: string } }
  /** Listeners whose certificates come by themselves have these from now on. */
  certificates: { ask: { shared: AcmeShared }; answer: Record<never, never> }
  /** What `leave` would do with the connections; nothing changes. Workers of earlier code refuse it. */
  'plan-upgrade': { ask: { carry: boolean }; answer: { kinds: PlannedKind[] } }
  /** Move nothing until told otherwise; the answer comes when nothing is on its way. */
  'halt-moves': { ask: Record<never, never>; answer: Record<never, never> }
}

/** A connection on its way from one worker to another: its number there, and what the next one needs to know of it. */
export interface Move {
  /** Given by the worker that it leaves. */
  move: number
  /** For the counts; workers of an older version do not say it. */
  route?: string
  /** The connection without its sockets, as packed-connection.ts writes it; the supervisor does not look into it. */
  record: string
  /** Whether the upstream's socket follows; a held connection has none. */
  upstream: boolean
  /** What it holds of the limits that count over all workers. */
  admission?: number
  /** The worker that it is for, where it is a connection of a worker's own (own-connection.ts). */
  own?: number
}

export type RequestType = keyof Requests
export type Request = { [T in RequestType]: { type: T; request: number } & Requests[T]['ask'] }[RequestType]

export type ToWorker =
  | Request
  /** The first message of all. The worker answers `ready` or `failed`. */
  | {
      type: 'configure'
      protocol: number
      worker: number
      /** How many workers there are of its generation. */
      workers?: number
      options: GatewayOptions
      log: LogOptions
      /** As in `ticket-keys`. Absent when the supervisor is older than this code: each worker then has its own. */
      ticketKeys?: string
      /** Id of this gateway in its fleet. Absent: it is in none, or the supervisor is older than this code. */
      node?: string | undefined
    }
  /** The keys of TLS session tickets, the same in every worker: 48 bytes as Base64. */
  | { type: 'ticket-keys'; keys: string }
  /** The other nodes of the fleet that can be dialled. Workers of earlier code refuse it. */
  | { type: 'nodes'; nodes: FleetNode[] }
  /** Comes with an accepted socket, which the worker answers with `took`. */
  | { type: 'socket'; id: number; listener: string; secured?: Secured }
  | { type: 'admission'; request: number; answer: AdmissionAnswer }
  /** Comes with the client's socket of a connection that another worker moves here. */
  | ({ type: 'adopt' } & Move)
  /** Comes with the upstream's socket. When all of it is there the worker answers `adopted` or `not-adopted`. */
  | { type: 'adopt-upstream'; move: number }
  /** What became of a move of this worker's. */
  | { type: 'moved'; move: number; outcome: MoveOutcome }
  /** Another worker has found that this upstream leaves something unanswered. */
  | { type: 'unanswered'; route: string; upstream: string; address: string }
  /** What the store of the fleet says. Not a `request`: it is the worker that asks. */
  | { type: 'session-answer'; ask: number; answer: SessionAnswer }
  /** The store of the fleet is there; perhaps it knows nothing of this node's sessions any more. */
  | { type: 'announce-sessions' }
  /** Other nodes have these sessions now, in this epoch. */
  | { type: 'sessions-taken'; sessions: readonly { id: string; epoch: number }[] }
  /** So many milliseconds ago this node said to the fleet for the last time that it is there. */
  | { type: 'node-renewed'; agoMs: number }
  /** The file of the access log was moved away: open it again. Workers of earlier code refuse it. */
  | { type: 'reopen-log' }
  /** After `halt-moves`: go on. */
  | { type: 'go-on' }
  /** End now; what is still open is lost. */
  | { type: 'stop' }

/**
 * What became of a connection on its way. `refused`, and `later` while no worker is there to take it, or the one that
 * should have has ended: it was not touched and goes on where it was. `lost`: nobody has it any more.
 */
export type MoveOutcome = 'moved' | 'refused' | 'later' | 'lost'

export type FromWorker =
  | {
      type: 'ready'
      protocol: number
      /** Of the code that the worker runs. */
      version: string
      /** Its first. Absent from workers of earlier code. */
      report?: WorkerReport
      /** Version of Node. Absent from workers of earlier code. */
      node?: string
      /** It takes over connections of a worker's own. Absent from workers of earlier code. */
      takesOwn?: true
      /** What a front of this code does is the same where this number is; absent from workers of earlier code. */
      front?: number
    }
  /** The worker cannot serve with these options; it ends after this. */
  | { type: 'failed'; message: string }
  /** Something in it is broken: it drains and ends; another should have its place now. */
  | { type: 'faulty' }
  /** The worker has the socket: the supervisor can let go of its copy. */
  | { type: 'took'; id: number }
  /** Of a front: comes with a socket to what it decrypts, which is a worker's to serve. */
  | { type: 'secured'; listener: string; secured: Secured }
  /** Some of the worker's sockets have closed: this is how many are left. */
  | { type: 'left'; sockets: number }
  /** Comes with the client's socket of a connection: for a worker of the next generation. */
  | ({ type: 'move' } & Move)
  /** Comes with the upstream's socket. */
  | { type: 'move-upstream'; move: number }
  | { type: 'adopted'; move: number }
  | { type: 'not-adopted'; move: number; message: string }
  /**
   * How many connections a leaving worker has left. `closes`: how many ended since it began to leave, by code and by
   * whom; `lost`: how many more it cut, since its last word, because their clients could not be told.
   */
  | { type: 'leaving'; left: number; closes: Record<string, number>; lost: number }
  /** What came and went since its last message of this kind or its last report, by route. */
  | { type: 'changed'; routes: Record<string, RouteChanges> }
  /** An upstream leaves something unanswered: for the other workers. */
  | { type: 'unanswered'; route: string; upstream: string; address: string }
  /** The last word of a worker that ends. */
  | { type: 'last-report'; report: WorkerReport }
  | { type: 'answer'; request: number; value: Requests[RequestType]['answer'] }
  | { type: 'refusal'; request: number; message: string }
  | { type: 'events'; events: GatewayEvent[]; dropped: number }
  | { type: 'admit'; request: number; route: string; limits: LimitOptions; address: string }
  /** The worker has let it in already: it is to be counted, and answered like `admit`. */
  | { type: 'enter'; request: number; route: string; address: string }
  | { type: 'release'; admission: number }
  /** About sessions of the fleet; answered with `session-answer`. */
  | { type: 'session-ask'; ask: number; about: SessionAsk }

/** The name of the port at which the other nodes of the fleet find this one. */
export const relayListener = 'fleet'

/**
 * A listener's name between the processes: its address as configured. Several with port 0 on one host are told
 * apart by their order.
 */
export function listenerKeys(listeners: readonly { host: string; port: number }[]): string[] {
  const seen = new Map<string, number>()
  return listeners.map(({ host, port }) => {
    const address = formatHostPort(host, port)
    const count = (seen.get(address) ?? 0) + 1
    seen.set(address, count)
    return count === 1 ? address : `${address}#${count}`
  })
}
