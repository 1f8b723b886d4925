export { answerUnserved, serveRequest } from './http-pass.ts'
export { logRequest } from './log-request.ts'
