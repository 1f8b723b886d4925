import type { Delay } from '../advice.ts'
import type { Sender } from '../close-codes.ts'
import type { CodeId } from '../code.ts'
import type { PrivateRetry } from '../private-codes.ts'
import type { CodeRange } from '../ranges.ts'
import type { Receipt } from '../receive-support.ts'

/** One line or more, each a sentence of its own. */
type Lines = readonly [string, ...string[]]

/** The words about one code. Backticks mark code; there is no other markup. */
export interface CodeText {
  /** What the number says, in one sentence. */
  readonly meaning: string
  readonly description: string
  readonly whenSeen: string
  /** Steps, in the order in which to take them. */
  readonly howToFix: Lines
  readonly causes: Lines
  readonly pitfalls: Lines
  /** Whether to come back, and when. */
  readonly retry: {
    /** What the RFC or the registration asks for. */
    readonly registered: string
    /** What programs in the field do. */
    readonly practice: string
    /** What Holdfast does and why. The delay itself is data: `adviceFor`. */
    readonly holdfast: string
  }
}

/** The fixed words around the table: headings, and words for what is data. */
interface Labels {
  readonly code: string
  readonly name: string
  readonly meaning: string
  readonly whenSeen: string
  readonly howToFix: string
  readonly causes: string
  readonly pitfalls: string
  readonly comeBack: string
  readonly registered: string
  readonly practice: string
  readonly holdfast: string
  readonly sources: string
  readonly sentBy: string
  readonly onTheWire: string
  readonly browserMaySend: string
  readonly http: string
  readonly grpc: string
  readonly definedIn: string
  readonly aliases: string
  readonly yes: string
  readonly no: string
  readonly none: string
  readonly nobody: string
  readonly range: string
  readonly implementation: string
  readonly note: string
  readonly senders: Record<Sender, string>
  readonly receipts: Record<Receipt, string>
  readonly privateRetries: Record<PrivateRetry, string>
  /** The advice to stop, as a sentence. */
  readonly stop: string
  /** The advice to come back, as a sentence. */
  readonly reconnect: (delay: Delay) => string
  /** The same in a few words, for a table. */
  readonly stopShort: string
  readonly reconnectShort: (delay: Delay) => string
}

/** The headings and paragraphs of the reference page that belong to no single code. */
interface PageText {
  readonly title: string
  readonly intro: Lines
  readonly overview: string
  readonly ranges: string
  readonly delays: string
  readonly delaysText: Lines
  readonly reasons: string
  readonly reasonsText: Lines
  readonly support: string
  readonly supportText: (rejecting: { restart: number; badGateway: number; of: number }) => string
  readonly privateCodes: string
  readonly privateCodesText: Lines
  readonly withoutPrivateCodes: string
}

/** Everything this package says, in one language. A language with a string missing does not compile. */
export interface Language {
  /** The BCP 47 tag: 'en'. */
  readonly tag: string
  readonly codes: Record<CodeId, CodeText>
  /** What each range of RFC 6455 section 7.4.2 is for; `outside` is for a number in none of them. */
  readonly ranges: Record<CodeRange['id'] | 'outside', string>
  readonly labels: Labels
  readonly page: PageText
}
