export {
  type Admit,
  between,
  type HandshakeDeps,
  httpAnswer,
  overLimit,
  serveHandshake,
} from './handshake.ts'
export { type Admission, Ledger } from './limits.ts'
export { covers, matchRoute } from './route.ts'
