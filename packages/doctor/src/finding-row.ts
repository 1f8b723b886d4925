// The types of findings that the tables of findings are made of.

/**
 * How bad a finding is. A `hint` names a default that matters to some only; `ok` says that something was looked at and
 * is fine.
 */
export type Level = 'error' | 'warning' | 'hint' | 'ok'

/** What a row of the table says about a finding. */
export interface FindingRow {
  /** The level that it has as a rule. */
  level: Level
  /** Names of the values that its texts use, in `{braces}`. */
  args: readonly string[]
}

/** Makes rows of one level; the names of the values that their texts use follow. */
export const row =
  <const L extends Level>(level: L) =>
  <const Args extends readonly string[]>(...args: Args) => ({ level, args })
