export { type Advice, adviceFor, type Delay, type ReconnectAdvice, type StopAdvice } from './advice.ts'
export { type CloseCode, closeCode, closeCodes } from './close-codes.ts'
export { type CodeId, code, type RegisteredCode } from './code.ts'
export { type DelayOptions, delayFor, type RetryDecision, returnAfter } from './delay.ts'
export {
  type GrpcStatus,
  grpcStatus,
  type Mend,
  type Occasion,
  type RequestedDelay,
  type Sender,
  type Wire,
} from './fact-types.ts'
export { type CodeRange, rangeOf, ranges } from './ranges.ts'
export { buildReason, maxReasonBytes, maxRetry, parseReason, type Reason } from './reason.ts'
export type { Reference } from './references.ts'
export { browserMaySend, mayTravel } from './sendable.ts'
export type { CodeText, Language } from './text/language.ts'
