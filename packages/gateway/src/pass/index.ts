export { answerUnserved, serveRequest } from './http-pass.ts'
