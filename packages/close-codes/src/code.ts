/**
 * The registered close codes by name, so that a program says `code.serviceRestart` and not `1012`.
 *
 * Source: the IANA WebSocket Close Code Number Registry; RFC 6455 section 7.4.1 for 1000-1011 and 1015.
 */
export const code = {
  normalClosure: 1000,
  goingAway: 1001,
  protocolError: 1002,
  unsupportedData: 1003,
  reserved: 1004,
  noStatusReceived: 1005,
  abnormalClosure: 1006,
  invalidPayload: 1007,
  policyViolation: 1008,
  messageTooBig: 1009,
  mandatoryExtension: 1010,
  internalError: 1011,
  serviceRestart: 1012,
  tryAgainLater: 1013,
  badGateway: 1014,
  tlsHandshake: 1015,
  unauthorized: 3000,
  forbidden: 3003,
  timeout: 3008,
} as const

/** The name of a registered code in this package: `'serviceRestart'`. Stable, never translated. */
export type CodeId = keyof typeof code

/** The number of a registered code. */
export type RegisteredCode = (typeof code)[CodeId]
