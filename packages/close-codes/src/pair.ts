import type { CloseCode } from './close-codes.ts'
import { type PairNote, pairNotes } from './pair-notes.ts'
import { refusals } from './receive-support.ts'
import { erratum3227, rfc6455 } from './references.ts'

/** What two codes are compared by, in the order in which it is told. */
export const aspects = [
  'sender',
  'occasion',
  'mend',
  'wire',
  'comeBack',
  'asked',
  'http',
  'support',
  'script',
] as const

/** One column of the table by which codes are compared. */
export type Aspect = (typeof aspects)[number]

/** Who may send a code, as one word. */
export type SendersId = 'anyone' | 'ends' | 'client' | 'server' | 'gateway' | 'nobody'

/** Where to look for what has to change; the side of a Close by its role where the table has only one for it. */
export type MenderId = CloseCode['mend'] | 'server'

/** Two codes side by side: which facts differ, which are the same, and what they are to each other. No words. */
export interface Pair {
  /** Ascending: a pair is the same whichever is named first. */
  readonly codes: readonly [CloseCode, CloseCode]
  /** Aspects in which the two differ, in the order of {@link aspects}. */
  readonly differs: readonly Aspect[]
  /** Aspects in which they are the same, in that order. */
  readonly shares: readonly Aspect[]
  /** What else the two are to each other, by rules over their columns. */
  readonly notes: readonly PairNote[]
}

/** Compares two different codes by the table. An aspect that one of them does not have is in neither list. */
export function pairOf(one: CloseCode, other: CloseCode): Pair {
  const codes: [CloseCode, CloseCode] = one.code < other.code ? [one, other] : [other, one]
  const [a, b] = codes
  const known = aspects.filter((aspect) => value(a, aspect) !== undefined && value(b, aspect) !== undefined)
  const same = (aspect: Aspect) =>
    value(a, aspect) === value(b, aspect) || (aspect === 'mend' && menderOf(a) === menderOf(b))
  return {
    codes,
    differs: known.filter((aspect) => !same(aspect)),
    shares: known.filter(same),
    notes: pairNotes(a, b),
  }
}

/** The value of an aspect as text that can be compared; undefined where the code does not have it. */
function value(row: CloseCode, aspect: Aspect): string | undefined {
  switch (aspect) {
    case 'sender':
      return row.sentBy.join()
    case 'occasion':
      return row.occasion
    case 'mend':
      return row.mend
    case 'wire':
      return row.wire
    case 'comeBack':
      return JSON.stringify(row.advice)
    case 'asked':
      // What is asked of a client that comes back says nothing about one that stays away.
      return row.advice.action === 'stop' ? undefined : JSON.stringify(row.asked)
    case 'http':
      return row.http.join()
    case 'support':
      return row.travels ? `${isStandard(row)} ${refusals(row.code).refusing}` : undefined
    case 'script':
      return row.sentBy.includes('client') ? String(row.browserMaySend) : undefined
  }
}

/** Whether RFC 6455 itself defines the code; the others came to the registry later. */
export function isStandard({ reference }: CloseCode): boolean {
  return reference === rfc6455 || reference === erratum3227
}

export function sendersOf({ sentBy }: CloseCode): SendersId {
  const [first, ...others] = sentBy
  if (first === undefined) return 'nobody'
  if (others.length === 0) return first
  if (first === 'server') return 'server'
  return others.includes('gateway') ? 'anyone' : 'ends'
}

export function menderOf(row: CloseCode): MenderId {
  const senders = sendersOf(row)
  if (row.mend === 'sender' && senders === 'server') return 'server'
  if (row.mend === 'receiver' && senders === 'client') return 'server'
  return row.mend
}
