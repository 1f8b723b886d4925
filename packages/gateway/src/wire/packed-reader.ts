/** A reader's state as data that JSON can carry; byte strings in base64. */
export interface PackedReader {
  begun: string
  stash: string
  stashing: boolean
  remaining: number
  fragment?: number
  inMessage: boolean
  messageBytes: number
  messageAt: number
  messages: number
  bytes: number
}
