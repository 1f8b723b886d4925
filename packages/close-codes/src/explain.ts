import { type Advice, adviceFor } from './advice.ts'
import { type CloseCode, closeCode } from './close-codes.ts'
import { ecosystemText } from './ecosystem-text.ts'
import { grpcStatus } from './fact-types.ts'
import { fill } from './fill.ts'
import { adviceSentence, listOf } from './phrases.ts'
import { type PrivateCodes, type PrivateRetry, privateCodes } from './private-codes.ts'
import { type CodeRange, rangeOf } from './ranges.ts'
import { type Receipt, receiptsOf, refusals } from './receive-support.ts'
import type { Reference } from './references.ts'
import { browserMaySend, mayTravel } from './sendable.ts'
import { sources } from './sources.ts'
import type { CodeText, Language } from './text/language.ts'

export { type EcosystemText, ecosystemText } from './ecosystem-text.ts'

/** What an ecosystem means by a number. */
export interface EcosystemUse {
  /** The ecosystem, as in `privateCodes`. */
  readonly id: string
  /** Its name for people. */
  readonly ecosystem: string
  /** Close code, such as 4401. */
  readonly code: number
  /** What the ecosystem calls it in its own source or documents. */
  readonly name: string
  /** What it means there, in the language asked for; absent when the name says all. */
  readonly meaning?: string
  /** What the ecosystem's own clients do after it. */
  readonly retry: PrivateRetry
}

/** All that is known about a registered code, facts and words. */
export interface RegisteredExplanation extends CloseCode {
  /** Tells it from {@link UnregisteredExplanation}. */
  readonly registered: true
  /** The BCP 47 tag of the language of `text`. */
  readonly language: string
  /** The words; `advice` is what Holdfast's client does, as a sentence. */
  readonly text: CodeText & { readonly advice: string }
  /** How many implementations refuse it on receipt, of how many. */
  readonly refusals: { readonly refusing: number; readonly of: number }
  /** Who uses the number in a sense of its own. */
  readonly ecosystems: readonly EcosystemUse[]
  /** Where what is said can be read. */
  readonly sources: readonly Reference[]
}

/** What can be said about a number that nobody has registered. */
export interface UnregisteredExplanation {
  /** Close code that was asked for. */
  readonly code: number
  /** Tells it from {@link RegisteredExplanation}. */
  readonly registered: false
  /** The BCP 47 tag of the language of `text`. */
  readonly language: string
  /** The range of RFC 6455 7.4.2 that it is in. */
  readonly range: CodeRange
  /** What the range is for, and what Holdfast's client does, as sentences. */
  readonly text: { readonly meaning: string; readonly advice: string }
  /** Whether it may stand in a Close frame on the wire. Source: RFC 6455 7.4. */
  readonly travels: boolean
  /** Whether a script in a browser may pass it to `WebSocket.close()`. Source: WHATWG WebSockets. */
  readonly browserMaySend: boolean
  /** What a client does after it; see {@link adviceFor}. */
  readonly advice: Advice
  /** Who uses this number. */
  readonly ecosystems: readonly EcosystemUse[]
  /** Who uses other numbers of the range that are not registered. */
  readonly sameRange: readonly { readonly id: string; readonly ecosystem: string }[]
}

/** What {@link explain} gives; `registered` tells the two apart. */
export type Explanation = RegisteredExplanation | UnregisteredExplanation

/** Says what a number means, in one language; undefined for a number that is in no range of close codes. */
export function explain(n: number, language: Language): Explanation | undefined {
  const row = closeCode(n)
  const range = rangeOf(n)
  if (row) return registered(row, language)
  return range && unregistered(n, range, language)
}

function registered(row: CloseCode, language: Language): RegisteredExplanation {
  return {
    ...row,
    registered: true,
    language: language.tag,
    text: { ...language.codes[row.id], advice: adviceSentence(row.advice, language) },
    refusals: refusals(row.code),
    ecosystems: usesOf(row.code, language),
    sources: sources[row.id],
  }
}

function unregistered(n: number, range: CodeRange, language: Language): UnregisteredExplanation {
  const advice = adviceFor(n)
  return {
    code: n,
    registered: false,
    language: language.tag,
    range,
    text: { meaning: rangeMeaning(n, range, language), advice: adviceSentence(advice, language) },
    travels: mayTravel(n),
    browserMaySend: browserMaySend(n),
    advice,
    ecosystems: usesOf(n, language),
    sameRange: privateCodes
      .filter(
        (row) => !uses(row, n) && row.codes.some(({ code }) => rangeOf(code) === range && !closeCode(code)),
      )
      .map(({ id, ecosystem }) => ({ id, ecosystem })),
  }
}

function rangeMeaning(n: number, range: CodeRange, { command, ranges, sentences }: Language): string {
  const where = fill(command.inRange, { n, range: `${range.from}-${range.to}` })
  return fill(sentences, { a: where, b: ranges[range.id] })
}

const uses = (row: PrivateCodes, n: number) => row.codes.some(({ code }) => code === n)

/** What ecosystems mean by a number, one line for each. */
export function usesOf(n: number, language: Language): EcosystemUse[] {
  return privateCodes.flatMap((row) => codesOf(row, language).filter(({ code }) => code === n))
}

/** The codes of one ecosystem, with words. */
export function codesOf({ id, ecosystem, codes }: PrivateCodes, language: Language): EcosystemUse[] {
  const meanings = ecosystemText(language, id).codes ?? {}
  return codes.map(({ code, name, retry }) => {
    const meaning = meanings[code]
    return { id, ecosystem, code, name, ...(meaning !== undefined && { meaning }), retry }
  })
}

/** Where what is said of a registered code can be read. */
export function sourcesOf({ id }: CloseCode): readonly Reference[] {
  return sources[id]
}

/** What one implementation does with a code when it arrives. */
export interface ReceiptInWords {
  /** Name of the library, browser or server. */
  readonly implementation: string
  /** What it does with the code. */
  readonly receipt: Receipt
  /** A remark on that implementation. */
  readonly note?: string
  /** Where that is to be seen. */
  readonly source: string
}

/** What implementations do with a code on receipt, in one language; empty for the codes of RFC 6455, which all take. */
export function receiptsInWords(n: number, { supportNotes }: Language): ReceiptInWords[] {
  const notes: Readonly<Record<string, string>> = supportNotes
  return receiptsOf(n).map(({ row: { id, implementation, source }, receipt }) => {
    const note = notes[id]
    return { implementation, receipt, source, ...(note !== undefined && { note }) }
  })
}

/** A fact in words, with its label. */
export interface Fact {
  /** Its heading, in the language asked for. */
  readonly label: string
  /** The fact, in that language. */
  readonly text: string
}

/** The facts of a row in words, without its definition and its sources. */
export function factsOf(row: CloseCode, language: Language): Fact[] {
  const { labels } = language
  const or = (words: readonly string[], none: string) => (words.length > 0 ? listOf(words, language) : none)
  const senders = row.sentBy.map((sender) => labels.senders[sender])
  const grpc = row.grpc.map((name) => `${name} (${grpcStatus[name]})`)
  const facts: (Fact | false | undefined)[] = [
    row.wire !== 'forbidden' && { label: labels.sentBy, text: or(senders, labels.nobody) },
    row.occasion && { label: labels.occasion, text: labels.occasions[row.occasion] },
    { label: labels.mend, text: labels.mends[row.mend] },
    { label: labels.onTheWire, text: labels.wires[row.wire] },
    row.travels && { label: labels.browserMaySend, text: row.browserMaySend ? labels.yes : labels.no },
    row.travels && { label: labels.support, text: supportOf(row.code, labels) },
    { label: labels.http, text: or(row.http.map(String), labels.none) },
    { label: labels.grpc, text: or(grpc, labels.none) },
  ]
  return facts.filter((fact) => typeof fact === 'object')
}

function supportOf(n: number, labels: Language['labels']): string {
  const { refusing, of } = refusals(n)
  return refusing === 0 ? labels.takenByAll : fill(labels.refusedBy, { refusing, of })
}
