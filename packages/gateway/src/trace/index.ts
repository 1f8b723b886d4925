export { startTracing, wantsTracing } from './start-tracing.ts'
export { type AnswerTold, type HandshakeSpan, noTracing, type Tracing } from './tracing.ts'
