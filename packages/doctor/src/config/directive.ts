import type { Place } from './context.ts'

/** A line or statement of nginx, Caddy and Apache: a name, words, and for a block the directives in it. */
export interface Directive {
  name: string
  args: string[]
  place: Place
  block?: Directive[]
}
