// The pages of one language as an index that their search reads.
import MiniSearch from 'minisearch'
import type { Page } from '../page.ts'
import { type Entry, searchOptions } from './options.ts'

/** The index, ready for JSON. */
export function searchIndex(pages: readonly Page[]): object {
  const index = new MiniSearch<Entry>(searchOptions)
  index.addAll(pages.filter(({ searchable = true }) => searchable).map(entryOf))
  return index.toJSON()
}

function entryOf({ path, title, keywords = '', description, body, indexed }: Page): Entry {
  // A pair that nobody asks for says what the two codes say, which the search has already.
  const text = indexed === false ? '' : textOf(body.text)
  return { id: path, title, keywords, description, text }
}

/** The words of a piece of HTML that the site has made itself. */
function textOf(markup: string): string {
  return markup.replace(/<[^<>]*>/g, ' ').replace(/&[a-z]+;/g, ' ')
}
