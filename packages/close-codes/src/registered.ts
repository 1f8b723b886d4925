// One constant for each registered code, so that a bundle carries only those that it uses: a bundler puts a constant in
// the place of `code.serviceRestart` where `code` is the namespace of a module, and not where it is an object.

export const normalClosure = 1000
export const goingAway = 1001
export const protocolError = 1002
export const unsupportedData = 1003
export const reserved = 1004
export const noStatusReceived = 1005
export const abnormalClosure = 1006
export const invalidPayload = 1007
export const policyViolation = 1008
export const messageTooBig = 1009
export const mandatoryExtension = 1010
export const internalError = 1011
export const serviceRestart = 1012
export const tryAgainLater = 1013
export const badGateway = 1014
export const tlsHandshake = 1015
export const unauthorized = 3000
export const forbidden = 3003
export const timeout = 3008
