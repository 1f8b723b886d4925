import type { CodeId } from './code.ts'
import { erratum3227, hybi9670, hybi10748, type Reference, registry, rfc6455 } from './references.ts'

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

/** The columns of the table that somebody had to write down: the one place where facts about a code stand. */
export const facts: Record<CodeId, Facts> = {
  normalClosure: {
    name: 'Normal Closure',
    sentBy: ['client', 'server', 'gateway'],
    occasion: 'planned',
    mend: 'nothing',
    wire: 'code',
    asked: 'nothing',
    http: [200, 204],
    grpc: ['OK'],
    reference: rfc6455,
    aliases: ['NORMAL_CLOSURE', 'StatusNormalClosure', 'CloseNormalClosure', 'NormalClosure', 'NORMAL'],
  },
  goingAway: {
    name: 'Going Away',
    sentBy: ['client', 'server', 'gateway'],
    occasion: 'planned',
    mend: 'nothing',
    wire: 'code',
    asked: 'nothing',
    http: [503],
    grpc: ['UNAVAILABLE'],
    reference: rfc6455,
    aliases: ['GOING_AWAY', 'StatusGoingAway', 'CloseGoingAway', 'EndpointUnavailable', 'SHUTDOWN'],
  },
  protocolError: {
    name: 'Protocol Error',
    sentBy: ['client', 'server', 'gateway'],
    occasion: 'fault',
    mend: 'receiver',
    wire: 'code',
    asked: 'nothing',
    http: [400],
    grpc: ['INTERNAL'],
    reference: rfc6455,
    aliases: ['PROTOCOL_ERROR', 'CloseProtocolError', 'ProtocolError'],
  },
  unsupportedData: {
    name: 'Unsupported Data',
    sentBy: ['client', 'server'],
    occasion: 'refusal',
    mend: 'receiver',
    wire: 'code',
    asked: 'nothing',
    broader: 'policyViolation',
    http: [415],
    grpc: ['INVALID_ARGUMENT'],
    reference: rfc6455,
    aliases: ['UNSUPPORTED_DATA', 'InvalidMessageType', 'NOT_ACCEPTABLE', 'unknown_data'],
  },
  reserved: {
    name: 'Reserved',
    sentBy: [],
    mend: 'sender',
    wire: 'forbidden',
    asked: 'nothing',
    http: [],
    grpc: [],
    reference: rfc6455,
    aliases: ['StatusNoMeaningYet', 'reserved1'],
  },
  noStatusReceived: {
    name: 'No Status Received',
    sentBy: [],
    occasion: 'untold',
    mend: 'sender',
    wire: 'empty-close',
    asked: 'nothing',
    http: [],
    grpc: [],
    reference: rfc6455,
    aliases: ['NO_STATUS_RCVD', 'CloseNoStatusReceived', 'StatusNoStatusRcvd', 'NO_STATUS_CODE', 'Empty'],
  },
  abnormalClosure: {
    name: 'Abnormal Closure',
    sentBy: [],
    occasion: 'untold',
    mend: 'anywhere',
    wire: 'no-close',
    // RFC 6455 7.2.3: "a value chosen randomly between 0 and 5 seconds is a reasonable initial delay".
    asked: { least: 0, most: 5000 },
    http: [],
    grpc: ['UNAVAILABLE'],
    reference: rfc6455,
    aliases: ['ABNORMAL_CLOSURE', 'CloseAbnormalClosure', 'NO_CLOSE_FRAME', 'CLOSED_ABNORMALLY'],
  },
  invalidPayload: {
    name: 'Invalid Frame Payload Data',
    sentBy: ['client', 'server'],
    occasion: 'fault',
    mend: 'receiver',
    wire: 'code',
    asked: 'nothing',
    http: [400, 422],
    grpc: ['INVALID_ARGUMENT'],
    reference: rfc6455,
    aliases: ['INVALID_DATA', 'InvalidPayloadData', 'BAD_DATA', 'bad_payload', 'NOT_CONSISTENT'],
  },
  policyViolation: {
    name: 'Policy Violation',
    sentBy: ['client', 'server', 'gateway'],
    occasion: 'refusal',
    mend: 'receiver',
    wire: 'code',
    asked: 'nothing',
    http: [403, 401, 429, 400],
    grpc: ['PERMISSION_DENIED'],
    reference: rfc6455,
    aliases: ['POLICY_VIOLATION', 'ClosePolicyViolation', 'StatusPolicyViolation', 'PolicyViolation'],
  },
  messageTooBig: {
    name: 'Message Too Big',
    sentBy: ['client', 'server', 'gateway'],
    occasion: 'refusal',
    mend: 'receiver',
    wire: 'code',
    asked: 'nothing',
    broader: 'policyViolation',
    http: [413],
    grpc: ['RESOURCE_EXHAUSTED'],
    reference: rfc6455,
    aliases: ['MESSAGE_TOO_BIG', 'CloseMessageTooBig', 'TOO_BIG_TO_PROCESS', 'too_big'],
  },
  mandatoryExtension: {
    name: 'Mandatory Extension',
    sentBy: ['client'],
    occasion: 'refusal',
    mend: 'receiver',
    wire: 'code',
    asked: 'nothing',
    http: [426, 501],
    grpc: ['FAILED_PRECONDITION'],
    reference: rfc6455,
    aliases: ['MANDATORY_EXTENSION', 'REQUIRED_EXTENSION', 'MISSING_EXTENSION', 'needs_extension'],
  },
  internalError: {
    name: 'Internal Error',
    sentBy: ['client', 'server', 'gateway'],
    occasion: 'fault',
    mend: 'sender',
    wire: 'code',
    asked: 'nothing',
    http: [500],
    grpc: ['INTERNAL'],
    reference: erratum3227,
    aliases: ['INTERNAL_ERROR', 'INTERNAL_SERVER_ERROR', 'CloseInternalServerErr', 'SERVER_ERROR'],
  },
  serviceRestart: {
    name: 'Service Restart',
    sentBy: ['server', 'gateway'],
    occasion: 'planned',
    mend: 'nothing',
    wire: 'code',
    // The hybi post: a client "should reconnect using a randomized delay of 5 - 30s".
    asked: { least: 5000, most: 30_000 },
    broader: 'goingAway',
    http: [503],
    grpc: ['UNAVAILABLE'],
    reference: hybi9670,
    aliases: ['SERVICE_RESTART', 'SERVICE_RESTARTED', 'CloseServiceRestart', 'StatusServiceRestart'],
  },
  tryAgainLater: {
    name: 'Try Again Later',
    sentBy: ['server', 'gateway'],
    occasion: 'overload',
    mend: 'sender',
    wire: 'code',
    // The hybi post: "only connect to a different IP [...] or reconnect to the same IP upon user action".
    asked: 'elsewhere',
    http: [503, 429],
    grpc: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
    reference: hybi9670,
    aliases: ['TRY_AGAIN_LATER', 'SERVICE_OVERLOAD', 'CloseTryAgainLater', 'StatusTryAgainLater'],
  },
  badGateway: {
    name: 'Bad Gateway',
    sentBy: ['gateway'],
    occasion: 'fault',
    mend: 'upstream',
    wire: 'code',
    asked: 'nothing',
    broader: 'internalError',
    http: [502],
    grpc: ['UNAVAILABLE'],
    reference: hybi10748,
    aliases: ['BAD_GATEWAY', 'StatusBadGateway', 'INVALID_UPSTREAM_RESPONSE', 'bad_gateway'],
  },
  tlsHandshake: {
    name: 'TLS Handshake',
    sentBy: [],
    occasion: 'fault',
    mend: 'tls',
    wire: 'no-handshake',
    asked: 'nothing',
    http: [],
    grpc: ['UNAVAILABLE'],
    reference: rfc6455,
    aliases: ['TLS_HANDSHAKE', 'CloseTLSHandshake', 'TLS_HANDSHAKE_FAILURE', 'FAILED_TLS_HANDSHAKE'],
  },
  unauthorized: {
    name: 'Unauthorized',
    sentBy: ['server', 'gateway'],
    occasion: 'refusal',
    mend: 'credentials',
    wire: 'code',
    asked: 'nothing',
    broader: 'policyViolation',
    http: [401],
    grpc: ['UNAUTHENTICATED'],
    reference: registry,
    aliases: ['UNAUTHORIZED', 'CloseCodeUnauthorized'],
  },
  forbidden: {
    name: 'Forbidden',
    sentBy: ['server', 'gateway'],
    occasion: 'refusal',
    mend: 'rights',
    wire: 'code',
    asked: 'nothing',
    broader: 'policyViolation',
    http: [403],
    grpc: ['PERMISSION_DENIED'],
    reference: registry,
    aliases: ['FORBIDDEN'],
  },
  timeout: {
    name: 'Timeout',
    sentBy: ['client', 'server', 'gateway'],
    occasion: 'fault',
    mend: 'receiver',
    wire: 'code',
    asked: 'nothing',
    http: [408],
    grpc: ['DEADLINE_EXCEEDED'],
    reference: registry,
    aliases: ['TIMEOUT'],
  },
}
