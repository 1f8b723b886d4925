import type { Occasion, Wire } from '../fact-types.ts'
import type { MenderId, SendersId } from '../pair.ts'
import type { NoteId } from '../pair-notes.ts'

/**
 * The words of a comparison. `{n}` is a code; `{a}` and `{b}` are both codes of a pair, or both halves of a
 * sentence. The clauses about one code have no capital and no full stop: two of them make a sentence by `join`.
 */
export interface ComparisonText {
  /** `{a}` and `{b}` with their names. */
  readonly title: string
  readonly differences: string
  readonly common: string
  readonly choice: string
  readonly join: string

  readonly sender: Record<SendersId, string>
  readonly occasion: Record<Occasion, string>
  readonly mend: Record<MenderId, string>
  readonly wire: Record<Wire, string>
  readonly script: { readonly yes: string; readonly no: string }
  readonly comeBack: {
    readonly stop: string
    /** `{span}`, `{cap}`. */
    readonly reconnect: string
    /** A sentence for two codes after which a client comes back: `{a}`, `{spanA}`, `{b}`, `{spanB}`, `{cap}`. */
    readonly delays: string
    /** The same where the caps differ too: `{capA}`, `{capB}`. */
    readonly delaysAndCaps: string
  }
  /** What the definition asks for: a delay (`{span}`) in the post behind the registration or in the RFC. */
  readonly asked: {
    readonly registration: string
    readonly rfc: string
    readonly elsewhere: string
    readonly nothing: string
  }
  /** `{list}`; the sentence for two codes that both have a cousin: `{a}`, `{listA}`, `{b}`, `{listB}`. */
  readonly http: { readonly some: string; readonly none: string; readonly pair: string }
  /** `{refusing}`, `{of}`; the sentence for two later codes: `{a}`, `{refusingA}`, `{b}`, `{refusingB}`, `{of}`. */
  readonly support: {
    readonly standard: string
    /** Of a code of RFC 6455 that some refuse all the same: `{n}`, `{refusing}`, `{of}`. */
    readonly refused: string
    readonly later: string
    readonly pair: string
  }

  /** Sentences about what both codes have in common. */
  readonly both: {
    readonly sender: Record<'anyone' | 'ends' | 'server' | 'nobody', string>
    readonly occasion: Record<Exclude<Occasion, 'overload'>, string>
    readonly mend: Record<'nothing' | 'sender' | 'receiver' | 'server', string>
    readonly comeBack: { readonly stop: string; readonly reconnect: string }
    readonly script: { readonly yes: string; readonly no: string }
    readonly http: { readonly some: string; readonly none: string }
    readonly support: { readonly standard: string; readonly later: string }
  }
  /** Sentences about what two codes are to each other. */
  readonly notes: Record<NoteId, string>
}
