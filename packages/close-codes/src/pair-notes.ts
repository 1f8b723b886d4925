import type { CloseCode } from './close-codes.ts'
import { refusals } from './receive-support.ts'

/** Something worth saying about two codes together, as data; `x` is what it is about, `y` the other one. */
export interface PairNote {
  /** Which rule it comes from; the key of its sentence in the texts. */
  readonly id: NoteId
  /** What the sentence needs: `x` and `y` are the two codes, `http` statuses, `refusing` and `of` counts. */
  readonly args: Readonly<Record<string, number | readonly number[]>>
}

/** A rule over two codes, such as 'narrower': one says more than the other. */
export type NoteId = keyof typeof rules

type Args = PairNote['args'] | undefined

// What a server can answer to an upgrade in place of 101; a browser shows all of them as 1006.
const handshakeStatuses = [401, 403, 408, 429, 502, 503]

const comesBack = ({ advice }: CloseCode) => advice.action === 'reconnect'

const refusing = (row: CloseCode) => (row.travels ? refusals(row.code).refusing : 0)

/** Each rule reads the columns of two codes; none knows a number. Tried both ways round, in this order. */
const rules = {
  /** One says more than the other. */
  narrower: (x: CloseCode, y: CloseCode): Args =>
    x.broader === y.id && refusing(x) === 0 ? { x: x.code, y: y.code } : undefined,

  narrowerButRefused: (x: CloseCode, y: CloseCode): Args =>
    x.broader === y.id && refusing(x) > refusing(y) ? { x: x.code, y: y.code } : undefined,

  /** An upstream goes by plan, and the gateway before it finds nobody. */
  oneEvent: (x: CloseCode, y: CloseCode): Args =>
    x.occasion === 'planned' && comesBack(x) && y.mend === 'upstream' ? { x: x.code, y: y.code } : undefined,

  /** A shutdown with a code after which clients stay away. */
  strands: (x: CloseCode, y: CloseCode): Args =>
    x.occasion === 'planned' && !comesBack(x) && y.occasion === 'planned' && comesBack(y)
      ? { x: x.code, y: y.code }
      : undefined,

  earlyReturn: (x: CloseCode, y: CloseCode): Args =>
    x.occasion === 'planned' && comesBack(x) && y.occasion === 'overload'
      ? { x: x.code, y: y.code }
      : undefined,

  /** A gateway that says one thing to each side. */
  bothSides: (x: CloseCode, y: CloseCode): Args =>
    isProtocolFault(x) && y.mend === 'upstream' ? { x: x.code, y: y.code } : undefined,

  /** Refused before the upgrade, a browser cannot tell it. */
  hiddenStatus: (x: CloseCode, y: CloseCode): Args => {
    const http = y.http.filter((status) => handshakeStatuses.includes(status))
    return x.wire === 'no-close' && y.travels && y.occasion !== 'planned' && http.length > 0
      ? { x: x.code, y: y.code, http }
      : undefined
  },

  /** Nobody said a word. */
  unsaid: (x: CloseCode, y: CloseCode): Args =>
    x.wire === 'no-close' && y.travels && y.occasion === 'planned' ? { x: x.code, y: y.code } : undefined,

  /** Too broken to speak. */
  diedFirst: (x: CloseCode, y: CloseCode): Args =>
    x.wire === 'no-close' && y.occasion === 'fault' && y.mend === 'sender'
      ? { x: x.code, y: y.code }
      : undefined,

  noNumber: (x: CloseCode, y: CloseCode): Args =>
    x.wire === 'empty-close' && y.travels ? { x: x.code, y: y.code } : undefined,

  /** What the application sees when its library does not know the code. */
  refusedAs: (x: CloseCode, y: CloseCode): Args =>
    refusing(y) > 0 && (x.wire === 'no-close' || isProtocolFault(x))
      ? { x: x.code, y: y.code, refusing: refusing(y), of: refusals(y.code).of }
      : undefined,

  hiddenTls: (x: CloseCode, y: CloseCode): Args =>
    x.wire === 'no-handshake' && y.wire === 'no-close' ? { x: x.code, y: y.code } : undefined,
}

/** What two codes are to each other, by rules over their columns. */
export function pairNotes(a: CloseCode, b: CloseCode): PairNote[] {
  return (Object.keys(rules) as NoteId[]).flatMap((id) => {
    const args = rules[id](a, b) ?? rules[id](b, a)
    return args ? [{ id, args }] : []
  })
}

/** The peer broke the protocol, and a gateway may be the one who says so. */
function isProtocolFault(row: CloseCode): boolean {
  const { occasion, mend, sentBy } = row
  return occasion === 'fault' && mend === 'receiver' && !comesBack(row) && sentBy.includes('gateway')
}
