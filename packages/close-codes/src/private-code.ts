/**
 * What an ecosystem's own clients do after a code: come back as usual, at once, after a backoff, only after a
 * change (other credentials, another URL), or not at all. Unknown: its documentation does not say.
 */
export type PrivateRetry = 'reconnect' | 'at-once' | 'backoff' | 'after-change' | 'stop' | 'unknown'

/** One close code as an ecosystem uses it. */
export interface PrivateCode {
  /** Close code, mostly from 4000 to 4999. */
  readonly code: number
  /** What the ecosystem calls it in its own source or documents. */
  readonly name: string
  /** What its own clients do after it. */
  readonly retry: PrivateRetry
}

/** The close codes of one ecosystem that are its own, or that it uses in its own way. */
export interface PrivateCodes {
  /** For choosing one, and the key of its words in the texts: 'graphql-ws'. */
  readonly id: string
  /** Its name for people: 'graphql-ws (graphql-transport-ws)'. */
  readonly ecosystem: string
  /** Where the ecosystem defines them. */
  readonly sources: readonly string[]
  /** The codes, each once. */
  readonly codes: readonly PrivateCode[]
}
