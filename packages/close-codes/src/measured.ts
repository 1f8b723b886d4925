// What servers, proxies and clients really do, as measured; apart from the table, so that nobody carries it unasked.
export {
  type ClientReturns,
  clientReturns,
  clientReturnsMeasured,
  type ReturnCode,
  type Returns,
} from './measured/client-returns.ts'
export { type Proxy, type ProxyOutcome, proxies, proxiesMeasured } from './measured/proxies.ts'
export { serverStops } from './measured/server-stop-rows.ts'
export {
  type Newcomer,
  type Seen,
  type ServerStops,
  type Stop,
  serverStopsMeasured,
} from './measured/server-stops.ts'
