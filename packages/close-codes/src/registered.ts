// One constant for each registered code, so that a bundle carries only those that it uses: a bundler puts a constant in
// the place of `code.serviceRestart` where `code` is the namespace of a module, and not where it is an object.

/** 1000: the purpose of the connection is fulfilled. Source: RFC 6455 7.4.1. */
export const normalClosure = 1000
/** 1001: a server goes down, or a browser leaves the page. Source: RFC 6455 7.4.1. */
export const goingAway = 1001
/** 1002: the other side broke the protocol. Source: RFC 6455 7.4.1. */
export const protocolError = 1002
/**
 * 1003: a type of data that the endpoint does not take, such as binary where it wants text. Source: RFC 6455 7.4.1.
 */
export const unsupportedData = 1003
/** 1004: reserved, without a meaning; never sent. Source: RFC 6455 7.4.1. */
export const reserved = 1004
/** 1005: a Close came without a code. Reported to the application, never sent. Source: RFC 6455 7.4.1. */
export const noStatusReceived = 1005
/** 1006: the connection ended without a Close. Reported to the application, never sent. Source: RFC 6455 7.4.1. */
export const abnormalClosure = 1006
/** 1007: data that is not what its type says, such as text that is not UTF-8. Source: RFC 6455 7.4.1. */
export const invalidPayload = 1007
/** 1008: a message violates a policy, which need not be said. Source: RFC 6455 7.4.1. */
export const policyViolation = 1008
/** 1009: a message is too big to be processed. Source: RFC 6455 7.4.1. */
export const messageTooBig = 1009
/** 1010: a client misses an extension in the server's handshake; only clients send it. Source: RFC 6455 7.4.1. */
export const mandatoryExtension = 1010
/** 1011: the server met a condition that it did not expect. Source: RFC 6455 7.4.1, with erratum 3227. */
export const internalError = 1011
/** 1012: the service restarts; come back after a random delay. Source: IANA registry, IETF hybi msg09670. */
export const serviceRestart = 1012
/** 1013: overload; come back later or elsewhere. Source: IANA registry, IETF hybi msg09670. */
export const tryAgainLater = 1013
/**
 * 1014: a gateway got no valid answer from the server behind it, like HTTP 502. Source: IANA registry, IETF hybi
 * msg10748.
 */
export const badGateway = 1014
/** 1015: the TLS handshake failed. Reported to the application, never sent. Source: RFC 6455 7.4.1. */
export const tlsHandshake = 1015
/** 3000: credentials are missing or not valid, like HTTP 401. Source: IANA registry. */
export const unauthorized = 3000
/** 3003: the credentials do not give the right, like HTTP 403. Source: IANA registry. */
export const forbidden = 3003
/** 3008: an endpoint took too long to do what was due, like HTTP 408. Source: IANA registry. */
export const timeout = 3008
