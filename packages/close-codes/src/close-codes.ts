import { type Advice, adviceFor } from './advice.ts'
import { type CodeId, code, type RegisteredCode } from './code.ts'
import { erratum3227, hybi9670, hybi10748, type Reference, registry, rfc6455 } from './references.ts'
import { browserMaySend, mayTravel } from './sendable.ts'

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

export type GrpcStatus = keyof typeof grpcStatus

/** What is written down for one code; the rest of a row follows from its number. */
interface Facts {
  readonly name: string
  readonly sentBy: readonly Sender[]
  readonly http: readonly number[]
  readonly grpc: readonly GrpcStatus[]
  readonly reference: Reference
  readonly aliases: readonly string[]
}

/** The facts about one registered close code. Its words, by language, are in `@holdfast/close-codes/text/en`. */
export interface CloseCode extends Facts {
  /** The number: 1012. */
  readonly code: RegisteredCode
  /** The key of this code in {@link code} and in the texts: 'serviceRestart'. */
  readonly id: CodeId
  /** The name as the registry has it, in title case: 'Service Restart'. Not translated. */
  readonly name: string
  /** Who may send it. Empty for a code that only a library reports to its own application, and for 1004. */
  readonly sentBy: readonly Sender[]
  /** Whether it may stand in a Close frame on the wire. */
  readonly travels: boolean
  /** Whether a script in a browser may pass it to `WebSocket.close()`. */
  readonly browserMaySend: boolean
  /** What a client does after it. */
  readonly advice: Advice
  /** The HTTP statuses that mean nearly the same, nearest first. Empty: there is none. */
  readonly http: readonly number[]
  /** The gRPC statuses that mean nearly the same, nearest first. Empty: there is none. */
  readonly grpc: readonly GrpcStatus[]
  /** Where it is defined. */
  readonly reference: Reference
  /** What libraries call it in their source, for searching. */
  readonly aliases: readonly string[]
}

const facts: Record<CodeId, Facts> = {
  normalClosure: {
    name: 'Normal Closure',
    sentBy: ['client', 'server', 'gateway'],
    http: [200, 204],
    grpc: ['OK'],
    reference: rfc6455,
    aliases: ['NORMAL_CLOSURE', 'StatusNormalClosure', 'CloseNormalClosure', 'NormalClosure', 'NORMAL'],
  },
  goingAway: {
    name: 'Going Away',
    sentBy: ['client', 'server', 'gateway'],
    http: [503],
    grpc: ['UNAVAILABLE'],
    reference: rfc6455,
    aliases: ['GOING_AWAY', 'StatusGoingAway', 'CloseGoingAway', 'EndpointUnavailable', 'SHUTDOWN'],
  },
  protocolError: {
    name: 'Protocol Error',
    sentBy: ['client', 'server', 'gateway'],
    http: [400],
    grpc: ['INTERNAL'],
    reference: rfc6455,
    aliases: ['PROTOCOL_ERROR', 'CloseProtocolError', 'ProtocolError'],
  },
  unsupportedData: {
    name: 'Unsupported Data',
    sentBy: ['client', 'server'],
    http: [415],
    grpc: ['INVALID_ARGUMENT'],
    reference: rfc6455,
    aliases: ['UNSUPPORTED_DATA', 'InvalidMessageType', 'NOT_ACCEPTABLE', 'unknown_data'],
  },
  reserved: {
    name: 'Reserved',
    sentBy: [],
    http: [],
    grpc: [],
    reference: rfc6455,
    aliases: ['StatusNoMeaningYet', 'reserved1'],
  },
  noStatusReceived: {
    name: 'No Status Received',
    sentBy: [],
    http: [],
    grpc: [],
    reference: rfc6455,
    aliases: ['NO_STATUS_RCVD', 'CloseNoStatusReceived', 'StatusNoStatusRcvd', 'NO_STATUS_CODE', 'Empty'],
  },
  abnormalClosure: {
    name: 'Abnormal Closure',
    sentBy: [],
    http: [],
    grpc: ['UNAVAILABLE'],
    reference: rfc6455,
    aliases: ['ABNORMAL_CLOSURE', 'CloseAbnormalClosure', 'NO_CLOSE_FRAME', 'CLOSED_ABNORMALLY'],
  },
  invalidPayload: {
    name: 'Invalid Frame Payload Data',
    sentBy: ['client', 'server'],
    http: [400, 422],
    grpc: ['INVALID_ARGUMENT'],
    reference: rfc6455,
    aliases: ['INVALID_DATA', 'InvalidPayloadData', 'BAD_DATA', 'bad_payload', 'NOT_CONSISTENT'],
  },
  policyViolation: {
    name: 'Policy Violation',
    sentBy: ['client', 'server', 'gateway'],
    http: [403, 401, 429, 400],
    grpc: ['PERMISSION_DENIED'],
    reference: rfc6455,
    aliases: ['POLICY_VIOLATION', 'ClosePolicyViolation', 'StatusPolicyViolation', 'PolicyViolation'],
  },
  messageTooBig: {
    name: 'Message Too Big',
    sentBy: ['client', 'server', 'gateway'],
    http: [413],
    grpc: ['RESOURCE_EXHAUSTED'],
    reference: rfc6455,
    aliases: ['MESSAGE_TOO_BIG', 'CloseMessageTooBig', 'TOO_BIG_TO_PROCESS', 'too_big'],
  },
  mandatoryExtension: {
    name: 'Mandatory Extension',
    sentBy: ['client'],
    http: [426, 501],
    grpc: ['FAILED_PRECONDITION'],
    reference: rfc6455,
    aliases: ['MANDATORY_EXTENSION', 'REQUIRED_EXTENSION', 'MISSING_EXTENSION', 'needs_extension'],
  },
  internalError: {
    name: 'Internal Error',
    sentBy: ['client', 'server', 'gateway'],
    http: [500],
    grpc: ['INTERNAL'],
    reference: erratum3227,
    aliases: ['INTERNAL_ERROR', 'INTERNAL_SERVER_ERROR', 'CloseInternalServerErr', 'SERVER_ERROR'],
  },
  serviceRestart: {
    name: 'Service Restart',
    sentBy: ['server', 'gateway'],
    http: [503],
    grpc: ['UNAVAILABLE'],
    reference: hybi9670,
    aliases: ['SERVICE_RESTART', 'SERVICE_RESTARTED', 'CloseServiceRestart', 'StatusServiceRestart'],
  },
  tryAgainLater: {
    name: 'Try Again Later',
    sentBy: ['server', 'gateway'],
    http: [503, 429],
    grpc: ['UNAVAILABLE', 'RESOURCE_EXHAUSTED'],
    reference: hybi9670,
    aliases: ['TRY_AGAIN_LATER', 'SERVICE_OVERLOAD', 'CloseTryAgainLater', 'StatusTryAgainLater'],
  },
  badGateway: {
    name: 'Bad Gateway',
    sentBy: ['gateway'],
    http: [502],
    grpc: ['UNAVAILABLE'],
    reference: hybi10748,
    aliases: ['BAD_GATEWAY', 'StatusBadGateway', 'INVALID_UPSTREAM_RESPONSE', 'bad_gateway'],
  },
  tlsHandshake: {
    name: 'TLS Handshake',
    sentBy: [],
    http: [],
    grpc: ['UNAVAILABLE'],
    reference: rfc6455,
    aliases: ['TLS_HANDSHAKE', 'CloseTLSHandshake', 'TLS_HANDSHAKE_FAILURE', 'FAILED_TLS_HANDSHAKE'],
  },
  unauthorized: {
    name: 'Unauthorized',
    sentBy: ['server', 'gateway'],
    http: [401],
    grpc: ['UNAUTHENTICATED'],
    reference: registry,
    aliases: ['UNAUTHORIZED', 'CloseCodeUnauthorized'],
  },
  forbidden: {
    name: 'Forbidden',
    sentBy: ['server', 'gateway'],
    http: [403],
    grpc: ['PERMISSION_DENIED'],
    reference: registry,
    aliases: ['FORBIDDEN'],
  },
  timeout: {
    name: 'Timeout',
    sentBy: ['client', 'server', 'gateway'],
    http: [408],
    grpc: ['DEADLINE_EXCEEDED'],
    reference: registry,
    aliases: ['TIMEOUT'],
  },
}

/** The 19 registered close codes, by number ascending. The one place where facts about a code stand. */
export const closeCodes: readonly CloseCode[] = (Object.keys(code) as CodeId[]).map((id) => ({
  ...facts[id],
  code: code[id],
  id,
  travels: mayTravel(code[id]),
  browserMaySend: browserMaySend(code[id]),
  advice: adviceFor(code[id]),
}))

const byNumber = new Map<number, CloseCode>(closeCodes.map((row) => [row.code, row]))

/** Finds the facts about a registered code; undefined for any other number, for which {@link rangeOf} speaks. */
export function closeCode(n: number): CloseCode | undefined {
  return byNumber.get(n)
}
