export { acceptKey, type ClientHandshake, http1Handshake, http2Handshake } from './accept.ts'
export { askedOf, refusedEntry } from './asked.ts'
export {
  canGoOn,
  deflateRsv,
  isDeflate,
  misreadsClientTakeover,
  rsvOf,
  withoutClientTakeover,
} from './deflate.ts'
export { type Extension, extensionProblem, parseExtensions, writeExtensions } from './extensions.ts'
export { endToEnd, isOwned, trailerFields } from './field-names.ts'
export {
  clientAddress,
  normaliseAddress,
  type Trust,
  trustProxies,
} from './forwarded.ts'
export { Fields, type HeaderList, headerList, joinHeaders, tokens, trimBlanks, values } from './headers.ts'
export { answerHttp1, answerHttp2, type HttpAnswer, head, writableFields } from './http-answer.ts'
export { readHttpHead } from './http-head.ts'
export {
  fieldsOf,
  forward,
  type Incoming,
  type ReadResult,
  type Refusal,
  type RequestHead,
  readHead,
  readUpgradeRequest,
  refuse,
  type Source,
  type UpgradeRequest,
} from './upgrade-request.ts'
