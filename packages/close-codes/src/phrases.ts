import type { Advice } from './advice.ts'
import { fill } from './fill.ts'
import type { Language } from './text/language.ts'

/** Milliseconds as seconds: '30 s'. */
export function secondsIn(ms: number, { seconds, tag }: Language): string {
  return fill(seconds, { n: decimal(ms / 1000, tag) })
}

/** A stretch of time in seconds: '1-5 s'. */
export function spanIn(
  { least, most }: { readonly least: number; readonly most: number },
  { span, tag }: Language,
): string {
  return fill(span, { least: decimal(least / 1000, tag), most: decimal(most / 1000, tag) })
}

/** Numbers of which each will do: '503 or 429'. */
export function anyOf(numbers: readonly number[], language: Language): string {
  const words = numbers.map(String)
  const last = words.pop() ?? ''
  return words.length === 0 ? last : fill(language.or, { a: listOf(words, language), b: last })
}

/** Words one after the other: 'client, server'. */
export function listOf(words: readonly string[], { list }: Language): string {
  return words.length === 0 ? '' : words.reduce((a, b) => fill(list, { a, b }))
}

/** A label and what it stands before: 'Sent by: server'. */
export function labelled(label: string, text: string, language: Language): string {
  return fill(language.labelled, { label, text })
}

/** Two sentences in a row. */
export function inARow(a: string, b: string, { sentences }: Language): string {
  return fill(sentences, { a, b })
}

/** What a client does after a code, as a sentence. */
export function adviceSentence(advice: Advice, language: Language): string {
  const { labels } = language
  return advice.action === 'stop' ? labels.stop : fill(labels.reconnect, delayWords(advice, language))
}

/** The same in a few words. */
export function adviceShort(advice: Advice, language: Language): string {
  const { labels } = language
  return advice.action === 'stop'
    ? labels.stopShort
    : fill(labels.reconnectShort, delayWords(advice, language))
}

/** The delay of an advice in words: '1-5 s', and its cap, '30 s'. */
export function delayWords({ delay }: Extract<Advice, { action: 'reconnect' }>, language: Language) {
  return { span: spanIn(delay, language), cap: secondsIn(delay.cap, language) }
}

const decimal = (n: number, tag: string) => n.toLocaleString(tag)
