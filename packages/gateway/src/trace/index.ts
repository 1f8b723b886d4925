export { startTracing, wantsTracing } from './start-tracing.ts'
export { type HandshakeAnswer, type HandshakeSpan, noTracing, type Tracing } from './tracing.ts'
