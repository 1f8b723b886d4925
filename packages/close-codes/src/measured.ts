// What servers, proxies and clients really do, as measured; apart from the table, so that nobody carries it unasked.
export {
  type ClientReceipts,
  clientReceipts,
  clientReceiptsMeasured,
  type Report,
  type Sent,
} from './measured/client-receipts.ts'
export {
  type ClientReturns,
  clientReturns,
  clientReturnsMeasured,
  type ReturnCode,
  type Returns,
} from './measured/client-returns.ts'
export { type ProxyOutcome, type ProxyRow, proxies, proxiesMeasured } from './measured/proxies.ts'
export { serverStops } from './measured/server-stop-rows.ts'
export {
  type Newcomer,
  type Seen,
  type ServerStops,
  type Stop,
  serverStopsMeasured,
} from './measured/server-stops.ts'
export { type Sayer, type WhoSays, whoSays } from './measured/who-says.ts'
export {
  exitInWords,
  interimInWords,
  newcomersInWords,
  outcomeInWords,
  reportInWords,
  returnsInWords,
  seenInWords,
  silentInWords,
  timeInWords,
} from './measured/words.ts'
