// What the index is made of. The generator that writes it and the page that reads it must agree on all of this.
import type MiniSearch from 'minisearch'
import type { Options, SearchResult } from 'minisearch'
import { tokensOf } from './tokens.ts'

/** A page as the search finds it. */
export interface Entry {
  /** Its path from the root of the site. */
  readonly id: string
  readonly title: string
  readonly keywords: string
  readonly text: string
  readonly description: string
}

export const searchOptions: Options<Entry> = {
  fields: ['title', 'keywords', 'description', 'text'],
  storeFields: ['title', 'description'],
  tokenize: tokensOf,
  // tokensOf has done it.
  processTerm: (term) => term,
  searchOptions: {
    boost: { title: 4, keywords: 6, description: 3 },
    combineWith: 'AND',
    // A number is meant as it is written, and a pair of characters is short already.
    prefix: (term) => /^[a-z]{2,}/.test(term),
    fuzzy: (term) => (/^[a-z]{5,}$/.test(term) ? 0.2 : false),
  },
}

/** What is found, best first. */
export function find(index: MiniSearch<Entry>, query: string): SearchResult[] {
  // Two numbers ask for their pair; a word or a single number means a code, and not the many pairs which that is in.
  const pair = /\d{4}\D+\d{4}/.test(query)
  return index.search(query, { boostDocument: (id) => (pair === /-vs-/.test(String(id)) ? 1 : 0.3) })
}
