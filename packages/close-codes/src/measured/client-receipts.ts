// What clients report for a Close frame that they receive, measured. Facts; what they mean is said by who shows them.

/**
 * What the program at a client gets to know of a Close. `same`: the code as it was sent, and the client answers with it.
 * `none`: an end without a code. `hangs`: nothing at all, and the connection stays open. `unknown`: not found out.
 */
export type Report =
  | 'same'
  | 'none'
  | 'hangs'
  | 'unknown'
  /** This code; an `error` event or an exception with it where `error` is set. `answer`: what it answers on the wire instead. */
  | { readonly code: number; readonly error?: true; readonly answer?: number }
  /** An error without a code. */
  | { readonly what: 'error'; readonly answer?: number }
  /** The end of a file, without a code. */
  | { readonly what: 'end-of-file'; readonly answer?: number }

/**
 * What was sent to the client: a Close with that code; `empty`: a Close without a payload; `one`: with one byte, which RFC
 * 6455 5.5.1 does not allow; `badutf8`: 1000 with a reason that is not UTF-8; `r124`: a reason of 124 bytes, one more than
 * fits; `fin`: no Close, the end of TCP.
 */
export type Sent =
  | 1001
  | 1004
  | 1005
  | 1006
  | 1008
  | 1011
  | 1012
  | 1013
  | 1014
  | 1015
  | 1016
  | 2000
  | 2999
  | 3000
  | 3003
  | 3008
  | 4000
  | 4999
  | 5000
  | 65535
  | 'empty'
  | 'one'
  | 'badutf8'
  | 'r124'
  | 'fin'

/** One client and what it reports. 1000 is reported as sent by all. */
export interface ClientReceipts {
  /** Name and version. */
  readonly client: string
  /** By what was sent. */
  readonly reports: Readonly<Record<Sent, Report>>
}

/** When all of this was watched, on Debian 12: a raw server that sends each Close and reads the answer. */
export const clientReceiptsMeasured = '2026-11-28'

const same: Report = 'same'
const none: Report = 'none'
const hangs: Report = 'hangs'
const unknown: Report = 'unknown'
const code = (code: number, answer?: number): Report => ({ code, ...(answer && { answer }) })
const error = (code: number, answer?: number): Report => ({ code, error: true, ...(answer && { answer }) })
const failed = (answer?: number): Report => ({ what: 'error', ...(answer && { answer }) })
const ended = (answer?: number): Report => ({ what: 'end-of-file', ...(answer && { answer }) })

/** What 30 clients report for each Close, and what they answer. */
// biome-ignore format: one client a line
export const clientReceipts: readonly ClientReceipts[] = [
  { client: 'Chromium 156.0.8078.108', reports: { 1001: same, 1004: same, 1005: error(1006, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: error(1006, 1002), 1016: same, 2000: same, 2999: same, 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: same, 65535: same, empty: code(1005), one: error(1006), badutf8: error(1006), r124: error(1006), fin: code(1006) } },
  { client: 'Firefox ESR 153.8', reports: { 1001: same, 1004: same, 1005: same, 1006: same, 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: same, 1016: same, 2000: same, 2999: same, 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: same, 65535: same, empty: code(1005), one: code(1005), badutf8: error(1006), r124: error(1006), fin: code(1006) } },
  { client: 'Node 20.20.2 (flag; undici 6.24.1)', reports: { 1001: same, 1004: error(1006, 1002), 1005: error(1006, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: error(1006, 1002), 1016: error(1006, 1002), 2000: error(1006, 1002), 2999: error(1006, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(1006, 1002), 65535: error(1006, 1002), empty: code(1005), one: error(1006), badutf8: error(1006), r124: error(1006), fin: code(1006) } },
  { client: 'Node 22.23.3 (undici 6.28.1)', reports: { 1001: same, 1004: error(1006, 1002), 1005: error(1006, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: error(1006, 1002), 1016: error(1006, 1002), 2000: error(1006, 1002), 2999: error(1006, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(1006, 1002), 65535: error(1006, 1002), empty: code(1005), one: error(1006), badutf8: error(1006), r124: error(1006), fin: code(1006) } },
  { client: 'Node 24.21.0 (undici 7.29.1)', reports: { 1001: same, 1004: error(1006, 1002), 1005: error(1006, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: error(1006, 1002), 1016: error(1006, 1002), 2000: error(1006, 1002), 2999: error(1006, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(1006, 1002), 65535: error(1006, 1002), empty: code(1005), one: error(1006), badutf8: error(1006), r124: error(1006), fin: error(1006) } },
  { client: 'Node 26.10.0 (undici 8.10.2)', reports: { 1001: same, 1004: error(1006, 1002), 1005: error(1006, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: error(1006, 1002), 1016: error(1006, 1002), 2000: error(1006, 1002), 2999: error(1006, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(1006, 1002), 65535: error(1006, 1002), empty: code(1005), one: error(1006), badutf8: error(1006), r124: error(1006), fin: error(1006) } },
  { client: 'ws 8.23.0', reports: { 1001: same, 1004: error(1006, 1002), 1005: error(1006, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: error(1006, 1002), 1016: error(1006, 1002), 2000: error(1006, 1002), 2999: error(1006, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(1006, 1002), 65535: error(1006, 1002), empty: code(1005), one: error(1006), badutf8: error(1006), r124: error(1006), fin: code(1006) } },
  { client: 'Bun 1.4.5', reports: { 1001: same, 1004: error(1006, 1002), 1005: error(1006, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: error(1006, 1002), 1016: error(1006, 1002), 2000: error(1006, 1002), 2999: error(1006, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(1006, 1002), 65535: error(1006, 1002), empty: code(1005), one: error(1006), badutf8: error(1006), r124: error(1006), fin: code(1006) } },
  { client: 'Deno 2.9.6', reports: { 1001: same, 1004: error(0, 1002), 1005: error(0, 1002), 1006: error(0, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: error(0, 1002), 1015: error(0, 1002), 1016: error(0, 1002), 2000: error(0, 1002), 2999: error(0, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(0, 1002), 65535: error(0, 1002), empty: code(1005), one: error(0), badutf8: error(0), r124: code(1000), fin: error(0) } },
  { client: 'faye-websocket 0.11.4', reports: { 1001: same, 1004: code(1002), 1005: code(1002), 1006: code(1002), 1008: same, 1011: same, 1012: code(1002), 1013: code(1002), 1014: code(1002), 1015: code(1002), 1016: code(1002), 2000: code(1002), 2999: code(1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: code(1002), 65535: code(1002), empty: code(1000), one: code(1002), badutf8: code(1002), r124: error(1002), fin: code(1006) } },
  { client: 'websocket 1.0.35 (w3cwebsocket)', reports: { 1001: code(1001, 1000), 1004: code(1004, 1002), 1005: code(1005, 1002), 1006: code(1006, 1002), 1008: code(1008, 1000), 1011: code(1011, 1000), 1012: code(1012, 1000), 1013: code(1013, 1000), 1014: code(1014, 1000), 1015: code(1015, 1000), 1016: code(1016, 1002), 2000: code(2000, 1002), 2999: code(2999, 1002), 3000: code(3000, 1000), 3003: code(3003, 1000), 3008: code(3008, 1000), 4000: code(4000, 1000), 4999: code(4999, 1000), 5000: code(5000, 1002), 65535: code(65535, 1002), empty: code(1006), one: code(1005), badutf8: code(1007), r124: code(1002), fin: code(1006) } },
  { client: 'python websockets 10.4', reports: { 1001: same, 1004: error(1006, 1002), 1005: error(1006, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: error(1006, 1002), 1016: error(1006, 1002), 2000: error(1006, 1002), 2999: error(1006, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(1006, 1002), 65535: error(1006, 1002), empty: code(1005), one: error(1006), badutf8: error(1006), r124: error(1006), fin: error(1006) } },
  { client: 'aiohttp 3.8.4', reports: { 1001: code(1001, 1000), 1004: error(1006, 1002), 1005: error(1006, 1002), 1006: code(1006, 1000), 1008: code(1008, 1000), 1011: code(1011, 1000), 1012: code(1012, 1000), 1013: code(1013, 1000), 1014: code(1014, 1000), 1015: error(1006, 1002), 1016: error(1006, 1002), 2000: error(1006, 1002), 2999: error(1006, 1002), 3000: code(3000, 1000), 3003: code(3003, 1000), 3008: code(3008, 1000), 4000: code(4000, 1000), 4999: code(4999, 1000), 5000: code(5000, 1000), 65535: code(65535, 1000), empty: code(0), one: error(1006), badutf8: error(1006), r124: error(1006), fin: error(1006) } },
  { client: 'autobahn 22.7.1', reports: { 1001: code(1001, 1000), 1004: error(1006), 1005: error(1006), 1006: error(1006), 1008: code(1008, 1000), 1011: code(1011, 1000), 1012: code(1012, 1000), 1013: code(1013, 1000), 1014: error(1006), 1015: error(1006), 1016: error(1006), 2000: error(1006), 2999: error(1006), 3000: code(3000, 1000), 3003: code(3003, 1000), 3008: code(3008, 1000), 4000: code(4000, 1000), 4999: code(4999, 1000), 5000: error(1006), 65535: error(1006), empty: none, one: error(1006), badutf8: error(1006), r124: error(1006), fin: error(1006) } },
  { client: 'websocket-client 1.2.3', reports: { 1001: code(1001, 1000), 1004: failed(1000), 1005: failed(1000), 1006: failed(1000), 1008: code(1008, 1000), 1011: code(1011, 1000), 1012: failed(1000), 1013: failed(1000), 1014: code(1014, 1000), 1015: failed(1000), 1016: failed(1000), 2000: failed(1000), 2999: failed(1000), 3000: code(3000, 1000), 3003: code(3003, 1000), 3008: code(3008, 1000), 4000: code(4000, 1000), 4999: code(4999, 1000), 5000: failed(1000), 65535: failed(1000), empty: none, one: failed(), badutf8: failed(), r124: failed(), fin: failed() } },
  { client: 'tornado 6.2.0', reports: { 1001: same, 1004: same, 1005: same, 1006: same, 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: same, 1016: same, 2000: same, 2999: same, 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: same, 65535: same, empty: none, one: none, badutf8: hangs, r124: none, fin: none } },
  { client: 'wsproto 1.2.0', reports: { 1001: same, 1004: code(1002), 1005: code(1002), 1006: code(1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: code(1002), 1015: code(1002), 1016: code(1002), 2000: code(1002), 2999: code(1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: code(1002), 65535: code(1002), empty: code(1005), one: code(1002), badutf8: code(1007), r124: code(1002), fin: code(1006) } },
  { client: 'gorilla 1.5.0', reports: { 1001: same, 1004: failed(1002), 1005: failed(1002), 1006: failed(1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: failed(1002), 1015: failed(1002), 1016: failed(1002), 2000: failed(1002), 2999: failed(1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: failed(1002), 65535: failed(1002), empty: code(1005), one: code(1005), badutf8: failed(), r124: failed(), fin: code(1006) } },
  { client: 'nhooyr 1.8.7', reports: { 1001: same, 1004: failed(1002), 1005: failed(1002), 1006: failed(1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: failed(1002), 1016: failed(1002), 2000: failed(1002), 2999: failed(1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: failed(1002), 65535: failed(1002), empty: code(1005), one: failed(), badutf8: code(1000), r124: failed(), fin: failed() } },
  { client: 'golang.org/x/net 0.7.0', reports: { 1001: ended(1000), 1004: ended(1000), 1005: ended(1000), 1006: ended(1000), 1008: ended(1000), 1011: ended(1000), 1012: ended(1000), 1013: ended(1000), 1014: ended(1000), 1015: ended(1000), 1016: ended(1000), 2000: ended(1000), 2999: ended(1000), 3000: ended(1000), 3003: ended(1000), 3008: ended(1000), 4000: ended(1000), 4999: ended(1000), 5000: ended(1000), 65535: ended(1000), empty: ended(), one: ended(), badutf8: ended(), r124: ended(), fin: ended() } },
  { client: 'Java 17.0.15 HttpClient', reports: { 1001: same, 1004: failed(), 1005: failed(), 1006: failed(), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: failed(1002), 1016: failed(1002), 2000: failed(1002), 2999: failed(1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: same, 65535: same, empty: code(1005), one: failed(), badutf8: failed(), r124: failed(), fin: code(1006) } },
  { client: 'ruby faye-websocket 0.11.0 / driver 0.6.3', reports: { 1001: same, 1004: code(1002), 1005: code(1002), 1006: code(1002), 1008: same, 1011: same, 1012: code(1002), 1013: code(1002), 1014: code(1002), 1015: code(1002), 1016: code(1002), 2000: code(1002), 2999: code(1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: code(1002), 65535: code(1002), empty: code(1000), one: code(1002), badutf8: code(1002), r124: error(1002), fin: code(1006) } },
  { client: 'Mojolicious 9.31', reports: { 1001: same, 1004: same, 1005: same, 1006: same, 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: same, 1016: same, 2000: same, 2999: same, 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: same, 65535: same, empty: code(1005), one: code(1005), badutf8: code(1000), r124: code(1000), fin: code(1006) } },
  { client: 'Qt 5.15 QWebSocket', reports: { 1001: same, 1004: code(1002), 1005: code(1002), 1006: code(1002), 1008: same, 1011: same, 1012: code(1002), 1013: code(1002), 1014: code(1002), 1015: code(1002), 1016: code(1002), 2000: code(1002), 2999: code(1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: code(1002), 65535: code(1002), empty: code(1000), one: code(1002), badutf8: code(1007), r124: code(1002), fin: error(1000) } },
  { client: 'libsoup 2.74.3', reports: { 1001: same, 1004: error(1004, 1002), 1005: same, 1006: error(1006, 1002), 1008: same, 1011: same, 1012: error(1012, 1002), 1013: error(1013, 1002), 1014: error(1014, 1002), 1015: error(1015, 1002), 1016: error(1016, 1002), 2000: error(2000, 1002), 2999: error(2999, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: same, 65535: same, empty: code(1005), one: error(0), badutf8: error(1000), r124: error(1000), fin: code(0) } },
  { client: 'libsoup 3.2.3', reports: { 1001: same, 1004: error(1004, 1002), 1005: error(1005, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: error(1012, 1002), 1013: error(1013, 1002), 1014: error(1014, 1002), 1015: error(1015, 1002), 1016: error(1016, 1002), 2000: error(2000, 1002), 2999: error(2999, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(5000, 1002), 65535: error(65535, 1002), empty: code(1005), one: error(0), badutf8: error(1000), r124: error(1000), fin: code(0) } },
  { client: 'libwebsockets 4.1.6 client', reports: { 1001: same, 1004: code(1002), 1005: code(1002), 1006: code(1002), 1008: same, 1011: same, 1012: code(1002), 1013: code(1002), 1014: code(1002), 1015: code(1002), 1016: code(1002), 2000: code(1002), 2999: code(1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: same, 65535: same, empty: none, one: none, badutf8: code(1000), r124: none, fin: none } },
  { client: 'Boost.Beast 1.74', reports: { 1001: same, 1004: failed(1002), 1005: failed(1002), 1006: failed(1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: failed(1002), 1015: failed(1002), 1016: failed(1002), 2000: failed(1002), 2999: failed(1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: same, 65535: same, empty: none, one: failed(), badutf8: failed(), r124: failed(), fin: failed() } },
  { client: 'websocketpp 0.8.2', reports: { 1001: same, 1004: error(1004, 1002), 1005: error(1005, 1002), 1006: error(1006, 1002), 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: error(1015, 1002), 1016: error(1016, 1002), 2000: error(2000, 1002), 2999: error(2999, 1002), 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: error(5000, 1002), 65535: error(65535, 1002), empty: code(1005), one: code(1002), badutf8: error(1000), r124: error(1006), fin: code(1006) } },
  { client: 'POCO 1.11 (raw frame)', reports: { 1001: same, 1004: same, 1005: same, 1006: same, 1008: same, 1011: same, 1012: same, 1013: same, 1014: same, 1015: same, 1016: same, 2000: same, 2999: same, 3000: same, 3003: same, 3008: same, 4000: same, 4999: same, 5000: same, 65535: same, empty: unknown, one: unknown, badutf8: code(1000), r124: code(1000), fin: unknown } },
]
