// Names and numbers of PROTOCOL.md that a session needs.
import type { Data } from './connection.ts'
import { byteLength } from './send-queue.ts'

/** Section 2: who selects this resumes, and who selects the other has chosen no subprotocol. */
export const version = 'holdfast.v1'
export const none = 'holdfast.none'

/** Section 5: what is acknowledged at once, and after how many milliseconds the rest. */
export const ackMessages = 64
export const ackBytes = 65_536
export const ackMs = 1000

/** The same: what a message counts of the window, "its payload and 16 bytes". */
export const cost = (data: Data) => byteLength(data) + 16
