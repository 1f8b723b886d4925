export { DialTurns } from './dial-turns.ts'
export { type Offered, RelayDialer } from './relay-dialer.ts'
export { RelayPort } from './relay-port.ts'
export { type Handover, longestGiven, type Offer, type OfferAnswer } from './relay-words.ts'
