// What is written down about each close code: the columns of facts.ts.
import type { CodeId } from './code.ts'
import type { Reference } from './references.ts'

/** Who may put a code into a Close frame. A gateway here is a server that stands in for another. */
export type Sender = 'client' | 'server' | 'gateway'

/** The gRPC status codes that have a cousin among the close codes, with their numbers. */
export const grpcStatus = {
  OK: 0,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const

/** The name of a gRPC status that the table names: 'UNAVAILABLE'. */
export type GrpcStatus = keyof typeof grpcStatus

/** Why somebody says a code: by plan, for too much load, to refuse something, at a fault; `untold`: it hides why. */
export type Occasion = 'planned' | 'overload' | 'refusal' | 'fault' | 'untold'

/**
 * Where to look for what has to change. `sender` and `receiver` are the two sides of the Close; `credentials`
 * and `rights` are the client's, held by the client and granted by the server; `upstream` is the server behind
 * the gateway that sent the Close; `anywhere`: the code does not tell.
 */
export type Mend =
  | 'nothing'
  | 'sender'
  | 'receiver'
  | 'credentials'
  | 'rights'
  | 'upstream'
  | 'tls'
  | 'anywhere'

/** What travels when an application sees a code: a Close with it, a Close without any, no Close, or not even 101. */
export type Wire = 'code' | 'empty-close' | 'no-close' | 'no-handshake' | 'forbidden'

/**
 * What the RFC or the document behind the registration asks of a client that comes back: a random delay in
 * milliseconds, or to go to another address. `nothing`: neither says anything.
 */
export type RequestedDelay = 'nothing' | 'elsewhere' | { readonly least: number; readonly most: number }

/** What is written down for one code; the rest of a row follows from its number. */
export interface Facts {
  /** The name as the registry has it, in title case: 'Service Restart'. Not translated. */
  readonly name: string
  /** Who may send it. Empty for a code that only a library reports to its own application, and for 1004. */
  readonly sentBy: readonly Sender[]
  /** Why it is said. Absent for 1004, which has no meaning. */
  readonly occasion?: Occasion
  /** Where to look for what has to change. */
  readonly mend: Mend
  /** What travels when an application sees it. */
  readonly wire: Wire
  /** What its definition asks of a client that comes back. What a client does is `advice`. */
  readonly asked: RequestedDelay
  /** The code that says less and is true as well: the next best where a receiver refuses this one. */
  readonly broader?: CodeId
  /** HTTP statuses that mean nearly the same, nearest first. Empty: there is none. Source: RFC 9110 15. */
  readonly http: readonly number[]
  /** gRPC statuses that mean nearly the same, nearest first. Empty: there is none. */
  readonly grpc: readonly GrpcStatus[]
  /** Where it is defined. */
  readonly reference: Reference
  /** What libraries call it in their source, for searching. */
  readonly aliases: readonly string[]
}
