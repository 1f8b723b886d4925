import type { Language } from './text/language.ts'

/** The words about an ecosystem and its codes; each may be absent. */
export interface EcosystemText {
  /** A rule over ranges of codes, where the ecosystem has one. */
  readonly rule?: string
  /** What else to know about the ecosystem and its codes. */
  readonly note?: string
  /** What each code means, by number. A code whose name says all has no words. */
  readonly codes?: Readonly<Record<number, string>>
}

/** Finds the words about an ecosystem by its id; empty for one that a language does not have. */
export function ecosystemText({ ecosystems }: Language, id: string): EcosystemText {
  const byId: Readonly<Record<string, EcosystemText>> = ecosystems
  return byId[id] ?? {}
}
