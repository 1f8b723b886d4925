import type { CloseCode } from './close-codes.ts'
import { fill } from './fill.ts'
import { type Aspect, isStandard, menderOf, type Pair, pairOf, sendersOf } from './pair.ts'
import type { PairNote } from './pair-notes.ts'
import { anyOf, delayWords, spanIn } from './phrases.ts'
import { refusals } from './receive-support.ts'
import { rfc6455 } from './references.ts'
import type { Language } from './text/language.ts'

export { type Aspect, aspects, type Pair, pairOf } from './pair.ts'
export type { NoteId, PairNote } from './pair-notes.ts'

/** One thing in which two codes differ: a short label and a sentence that names both. */
export interface Difference {
  /** By what they differ, for programs. */
  readonly aspect: Aspect
  /** The same for people, in their language. */
  readonly label: string
  /** One sentence that names both codes. */
  readonly text: string
}

/** Words about one of the two codes. */
export interface AboutOne {
  /** Close code that the words are about. */
  readonly code: number
  /** The words, in the language asked for. */
  readonly text: string
}

/** What two codes have to do with each other, in words. */
export interface Comparison {
  /** '1012 Service Restart and 1014 Bad Gateway' */
  readonly title: string
  /** What each says of itself, in the first person. */
  readonly says: readonly [AboutOne, AboutOne]
  /** Sentences about what differs, in the order of {@link aspects}. */
  readonly differences: readonly Difference[]
  /** Sentences about what the two have in common. */
  readonly common: readonly string[]
  /** When to send which. */
  readonly uses: readonly [AboutOne, AboutOne]
  /** Sentences about what the two are to each other. */
  readonly notes: readonly string[]
}

/**
 * Compares two different codes in one language: what differs for this pair by the table, what does not, and
 * which to use when. The same whichever code is named first.
 */
export function compare(one: CloseCode, other: CloseCode, language: Language): Comparison {
  const pair = pairOf(one, other)
  const [a, b] = pair.codes
  const both = <T>(about: (row: CloseCode) => T): [T, T] => [about(a), about(b)]
  const title = ({ code, name }: CloseCode) => `${code} ${name}`
  return {
    title: fill(language.comparison.title, { a: title(a), b: title(b) }),
    says: both(({ code, id }) => ({ code, text: fill(language.quoted, { text: language.codes[id].says }) })),
    differences: pair.differs.map((aspect) => ({
      aspect,
      label: labelOf(aspect, language),
      text: difference(pair, aspect, language),
    })),
    common: pair.shares.flatMap((aspect) => inCommon(pair, aspect, language) ?? []),
    uses: both(({ code, id }) => ({ code, text: language.codes[id].use })),
    notes: pair.notes.map((note) => noteText(note, language)),
  }
}

function labelOf(aspect: Aspect, { labels }: Language): string {
  switch (aspect) {
    case 'sender':
      return labels.sentBy
    case 'occasion':
      return labels.occasion
    case 'mend':
      return labels.mend
    case 'wire':
      return labels.onTheWire
    case 'comeBack':
      return labels.comeBack
    case 'asked':
      return labels.registered
    case 'http':
      return labels.http
    case 'support':
      return labels.support
    case 'script':
      return labels.browserMaySend
  }
}

function difference({ codes: [a, b] }: Pair, aspect: Aspect, language: Language): string {
  const whole = pairSentence(a, b, aspect, language)
  if (whole !== undefined) return whole
  const { join } = language.comparison
  const halves = { a: clause(a, aspect, language), b: clause(b, aspect, language) }
  return capital(fill(join, halves), language)
}

/** Where two clauses side by side would repeat themselves, a language has one sentence for both codes. */
function pairSentence(a: CloseCode, b: CloseCode, aspect: Aspect, language: Language): string | undefined {
  const { comparison } = language
  const numbers = { a: a.code, b: b.code }
  if (aspect === 'comeBack' && a.advice.action === 'reconnect' && b.advice.action === 'reconnect') {
    const { span: spanA, cap: capA } = delayWords(a.advice, language)
    const { span: spanB, cap: capB } = delayWords(b.advice, language)
    const { delays, delaysAndCaps } = comparison.comeBack
    const words = { ...numbers, spanA, capA, spanB, capB, cap: capA }
    return fill(capA === capB ? delays : delaysAndCaps, words)
  }
  if (aspect === 'http' && a.http.length > 0 && b.http.length > 0) {
    const [listA, listB] = [anyOf(a.http, language), anyOf(b.http, language)]
    return fill(comparison.http.pair, { ...numbers, listA, listB })
  }
  if (aspect === 'support' && !isStandard(a) && !isStandard(b)) {
    const { refusing: refusingA, of } = refusals(a.code)
    const { refusing: refusingB } = refusals(b.code)
    return fill(comparison.support.pair, { ...numbers, refusingA, refusingB, of })
  }
  return undefined
}

/** What one code is by one aspect, without a capital and a full stop. */
function clause(row: CloseCode, aspect: Aspect, language: Language): string {
  const { comparison: words } = language
  const n = row.code
  switch (aspect) {
    case 'sender':
      return fill(words.sender[sendersOf(row)], { n })
    case 'occasion':
      return row.occasion ? fill(words.occasion[row.occasion], { n }) : ''
    case 'mend':
      return fill(words.mend[menderOf(row)], { n })
    case 'wire':
      return fill(words.wire[row.wire], { n })
    case 'comeBack':
      return row.advice.action === 'stop'
        ? fill(words.comeBack.stop, { n })
        : fill(words.comeBack.reconnect, { n, ...delayWords(row.advice, language) })
    case 'asked':
      return askedClause(row, language)
    case 'http':
      return fill(row.http.length > 0 ? words.http.some : words.http.none, {
        n,
        list: anyOf(row.http, language),
      })
    case 'support':
      return supportClause(row, language)
    case 'script':
      return fill(words.script[row.browserMaySend ? 'yes' : 'no'], { n })
  }
}

function supportClause(row: CloseCode, { comparison: { support } }: Language): string {
  const words = { n: row.code, ...refusals(row.code) }
  if (!isStandard(row)) return fill(support.later, words)
  return fill(words.refusing > 0 ? support.refused : support.standard, words)
}

function askedClause({ code, asked, reference }: CloseCode, language: Language): string {
  const words = language.comparison.asked
  if (typeof asked === 'string') return fill(words[asked], { n: code })
  const from = reference === rfc6455 ? words.rfc : words.registration
  return fill(from, { n: code, span: spanIn(asked, language) })
}

/** A sentence about an aspect that both share; undefined where that would say nothing. */
function inCommon({ codes: [a, b] }: Pair, aspect: Aspect, language: Language): string | undefined {
  const words = language.comparison.both
  // The keys that a language need not have are of columns in which no two codes agree; a test holds that.
  const pick = (texts: Partial<Record<string, string>>, key: string | undefined) =>
    key === undefined ? undefined : texts[key]
  switch (aspect) {
    case 'sender':
      return pick(words.sender, sendersOf(a))
    case 'occasion':
      return pick(words.occasion, a.occasion)
    case 'mend':
      return pick(words.mend, menderOf(a) === menderOf(b) ? menderOf(a) : a.mend)
    case 'comeBack':
      return a.advice.action === 'stop'
        ? words.comeBack.stop
        : fill(words.comeBack.reconnect, delayWords(a.advice, language))
    case 'http':
      return a.http.length > 0 ? fill(words.http.some, { list: anyOf(a.http, language) }) : words.http.none
    case 'support':
      return fill(isStandard(a) ? words.support.standard : words.support.later, { ...refusals(a.code) })
    case 'script':
      return words.script[a.browserMaySend ? 'yes' : 'no']
    case 'wire':
    case 'asked':
      return undefined
  }
}

function noteText({ id, args }: PairNote, language: Language): string {
  const values = Object.entries(args).map(([name, value]) => [
    name,
    typeof value === 'number' ? value : anyOf(value, language),
  ])
  return fill(language.comparison.notes[id], Object.fromEntries(values))
}

function capital(sentence: string, { tag }: Language): string {
  return sentence.charAt(0).toLocaleUpperCase(tag) + sentence.slice(1)
}
