import { code } from './code.ts'

/**
 * Tells whether a number may stand in a Close frame on the wire. Ask before you forward a code that came
 * from elsewhere: a code that may not travel is replaced by a Close without a status, or by no Close at all.
 *
 * True also for numbers that nobody has assigned yet (1016-2999): they are legal, although some libraries
 * refuse them on receipt. False for everything that is not an integer from 1000 to 4999.
 */
export function mayTravel(n: number): boolean {
  return (
    // RFC 6455 7.4.2: "Status codes in the range 0-999 are not used." Above 4999 nothing is defined.
    Number.isInteger(n) &&
    n >= 1000 &&
    n < 5000 &&
    // RFC 6455 7.4.1, of 1005, 1006 and 1015: "is a reserved value and MUST NOT be set as a status code in a
    // Close control frame by an endpoint". 1004 is "Reserved" without a meaning.
    n !== code.reserved &&
    n !== code.noStatusReceived &&
    n !== code.abnormalClosure &&
    n !== code.tlsHandshake
  )
}

/**
 * Tells whether a script in a browser may pass this number to `WebSocket.close()`, which throws
 * `InvalidAccessError` for any other. Source: WHATWG WebSockets, the `close(code, reason)` steps.
 */
export function browserMaySend(n: number): boolean {
  return n === code.normalClosure || (Number.isInteger(n) && n >= 3000 && n < 5000)
}
