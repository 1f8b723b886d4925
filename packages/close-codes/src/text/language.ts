import type { CodeId } from '../code.ts'
import type { Mend, Occasion, Sender, Wire } from '../fact-types.ts'
import type { PrivateRetry } from '../private-codes.ts'
import type { CodeRange } from '../ranges.ts'
import type { Receipt } from '../receive-support.ts'
import type { ComparisonText } from './comparison-text.ts'
import type { ecosystems, withoutOwnCodes } from './en/ecosystems.ts'
import type { supportNotes } from './en/support-notes.ts'
import type { MeasuredText } from './measured-text.ts'

/** One line or more, each a sentence of its own. */
export type Lines = readonly [string, ...string[]]

/** The same keys, with the words of another language. */
type Translated<T> = { readonly [K in keyof T]: T[K] extends string ? string : Translated<T[K]> }

/** What ecosystems mean by their codes. */
export type EcosystemTexts = Translated<typeof ecosystems>

/** What the ecosystems without codes of their own do instead. */
export type InsteadTexts = Translated<typeof withoutOwnCodes>

/** Remarks on single implementations. */
export type SupportNotes = Translated<typeof supportNotes>

/** The words about one code. Backticks mark code; there is no other markup. */
export interface CodeText {
  /** What the number says, in one sentence. */
  readonly meaning: string
  /** The same in the first person, as the side that says it would put it to the other. */
  readonly says: string
  /** What the code stands for, who says it and what it does not say. A paragraph. */
  readonly description: string
  /** In which situations people meet it. A paragraph. */
  readonly whenSeen: string
  /** Steps, in the order in which to take them. */
  readonly howToFix: Lines
  /** What may be behind it, a sentence each. */
  readonly causes: Lines
  /** Mistakes that are made with it. */
  readonly pitfalls: Lines
  /** When to send it, said to the one who chooses; of a code that is never sent, what to do instead. */
  readonly use: string
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

type RegisteredId =
  | 'serviceRestart'
  | 'tryAgainLater'
  | 'badGateway'
  | 'unauthorized'
  | 'forbidden'
  | 'timeout'

type NeverSentId = 'reserved' | 'noStatusReceived' | 'abnormalClosure' | 'tlsHandshake'

/** The words about the codes that RFC 6455 itself defines, and that travel in a Close. */
export type ProtocolText = Record<Exclude<CodeId, RegisteredId | NeverSentId>, CodeText>

/** The words about the codes of RFC 6455 that nobody may send. */
export type NeverSentText = Record<NeverSentId, CodeText>

/** The words about the codes that came to the registry after RFC 6455. */
export type RegisteredText = Record<RegisteredId, CodeText>

/** The fixed words around the table: headings, and words for what is data. `{name}` is filled in. */
export interface Labels {
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
  readonly occasion: string
  readonly mend: string
  readonly onTheWire: string
  readonly browserMaySend: string
  readonly http: string
  readonly grpc: string
  readonly support: string
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
  readonly occasions: Record<Occasion, string>
  readonly mends: Record<Mend, string>
  readonly wires: Record<Wire, string>
  readonly receipts: Record<Receipt, string>
  readonly privateRetries: Record<PrivateRetry, string>
  /** How many implementations refuse a code: `{refusing}` of `{of}`; or that all take it. */
  readonly refusedBy: string
  readonly takenByAll: string
  /** The advice to stop, as a sentence. */
  readonly stop: string
  /** The advice to come back, as a sentence: `{span}`, `{cap}`. */
  readonly reconnect: string
  /** The same in a few words, for a table. */
  readonly stopShort: string
  readonly reconnectShort: string
}

/** The headings and paragraphs of the reference page that belong to no single code. */
export interface PageText {
  readonly title: string
  readonly intro: Lines
  readonly overview: string
  readonly ranges: string
  readonly delays: string
  readonly delaysText: Lines
  readonly reasons: string
  readonly reasonsText: Lines
  readonly support: string
  /** `{restart}` implementations refuse 1012 and 1013, `{badGateway}` refuse 1014, of `{of}`. */
  readonly supportText: string
  readonly privateCodes: string
  readonly privateCodesText: Lines
  readonly withoutPrivateCodes: string
}

/** What the command says beside the reference. `{name}` is filled in. */
export interface CommandText {
  /** Stands where a registered code has its name. */
  readonly unregistered: string
  /** `{n}` is in the range `{range}`; what that means follows. */
  readonly inRange: string
  /** Heads the list of ecosystems that use this very number. */
  readonly usedBy: string
  /** Before the names of ecosystems that use other numbers of the same range. */
  readonly sameRange: string
  /** `{command}` lists the codes of one ecosystem. */
  readonly listHint: string
  /** `{command}` tells all about one code. */
  readonly explainHint: string
  /** `{input}` is no close code; `{from}`-`{to}` are. */
  readonly notACode: string
  /** `{input}` is not registered, so it cannot be compared; `{command}` says what is known of it. */
  readonly notComparable: string
  readonly sameCode: string
  /** `{input}` is no ecosystem; the `{nearest}` one, and a `{list}` of all. */
  readonly unknownEcosystem: string
}

/** Everything this package says, in one language. A language with a string missing does not compile. */
export interface Language {
  /** The BCP 47 tag: 'en'. */
  readonly tag: string
  /** The language in itself: 'English'. */
  readonly name: string
  /** Seconds, `{n}`, as the language writes them: '30 s'. */
  readonly seconds: string
  /** Seconds from `{least}` to `{most}`, as the language writes them: '1-5 s'. */
  readonly span: string
  /** A label and what it stands before, `{label}` and `{text}`. */
  readonly labelled: string
  /** Two items of a list, `{a}` and `{b}`, without a word between. */
  readonly list: string
  /** Two sentences in a row, `{a}` and `{b}`. */
  readonly sentences: string
  /** `{a}` or `{b}`. */
  readonly or: string
  /** `{a}` with `{b}` beside it, in brackets. */
  readonly aside: string
  /** What somebody says, `{text}`, in the quotation marks of the language. */
  readonly quoted: string
  /** The words about each registered code. */
  readonly codes: Record<CodeId, CodeText>
  /** What each range of RFC 6455 section 7.4.2 is for; `outside` is for a number in none of them. */
  readonly ranges: Record<CodeRange['id'] | 'outside', string>
  /** Headings, and words for what is data in the table. */
  readonly labels: Labels
  /** The words with which two codes are compared. */
  readonly comparison: ComparisonText
  /** The words around the tables of what was measured. */
  readonly measured: MeasuredText
  /** Headings and paragraphs of the reference that belong to no single code. */
  readonly page: PageText
  /** What the command `holdfast explain` says beside the reference. */
  readonly command: CommandText
  /** What ecosystems mean by their codes, by the ids of `private-codes`. */
  readonly ecosystems: EcosystemTexts
  /** What the ecosystems without codes of their own do instead, by their ids. */
  readonly withoutOwnCodes: InsteadTexts
  /** Remarks on single implementations, by the ids of `receive-support`. */
  readonly supportNotes: SupportNotes
}
