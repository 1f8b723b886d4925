// What a page is, and where one lies from another: all links are relative, so that the site works from any folder.
import type { Html } from './html.ts'
import type { Words } from './text/all.ts'

/** One HTML page of the site. */
export interface Page {
  /** Its folder from the root of the site: 'en/1012/'. The root itself is ''. */
  readonly path: string
  readonly words: Words
  readonly title: string
  /** One sentence for search engines and previews. */
  readonly description: string
  readonly body: Html
  /** The same page in other languages: tag to path. Itself is among them. */
  readonly translations?: Readonly<Record<string, string>>
  /** Whether search engines are to list it; true by default. */
  readonly indexed?: boolean
  /** schema.org, as JSON. */
  readonly structured?: object
  /** Scripts of the page, besides the search: paths from the root. They are enhancements; it reads without them. */
  readonly scripts?: readonly string[]
  /** What the page may connect to besides its own server, as in Content-Security-Policy. */
  readonly connects?: readonly string[]
  /** A JSON form of the page beside it. */
  readonly data?: unknown
  /** Whether the search finds it; true by default. */
  readonly searchable?: boolean
  /** Words that the search finds it by, besides title and text. */
  readonly keywords?: string
}

/** The address of one path seen from a page: `../1014/`. */
export function relative(from: string, to: string): string {
  const here = from.split('/').slice(0, -1)
  const there = to.split('/')
  let common = 0
  while (common < here.length && common < there.length - 1 && here[common] === there[common]) common++
  const up = '../'.repeat(here.length - common)
  return up + there.slice(common).join('/') || './'
}
