// What the parser of YAML stumbles over, in words that say what was meant. Pure.

import type { YAMLError } from 'yaml'
import { type Path, printable, show } from './errors.ts'

/** Counted from 1. */
export interface Place {
  line: number
  column: number
}

/** Something that YAML itself forbids, or that no configuration needs. */
export interface YamlFault {
  place: Place
  path: Path
  message: string
  fix?: string
}

/** One fault a line: what the library says after the first on a line mostly follows from it. */
export function syntaxFaults(
  errors: YAMLError[],
  text: string,
  place: (offset: number) => Place,
): YamlFault[] {
  const faults = new Map<number, YamlFault>()
  const rows = text.split('\n')
  for (const error of errors) {
    const at = place(error.pos[0])
    if (faults.has(at.line)) continue
    const message = printable(error.message.slice(0, 160))
    const known = indentFault(rows, at) ?? variableFault(rows, at) ?? bracesFault(rows, at)
    // What follows a fault that is understood follows from it.
    if (known) return [...faults.values(), known]
    const fix = syntaxFix(error, rows[at.line - 1] ?? '')
    faults.set(at.line, {
      place: at,
      path: [],
      message: message.charAt(0).toLowerCase() + message.slice(1),
      ...(fix && { fix }),
    })
  }
  return [...faults.values()]
}

/**
 * A line with a key that begins one or two columns beside the keys above it. Found where YAML stumbles: there, or in the line
 * below, since it takes a deeper line for more of the value above.
 */
function indentFault(rows: readonly string[], { line }: Place): YamlFault | undefined {
  for (const index of [line - 1, line]) {
    const row = rows[index]
    if (row === undefined || !keyOf(row)) continue
    const above = rows.slice(0, index).findLastIndex((one) => keyOf(one) !== undefined)
    const [mine, theirs] = [keyOf(row)!, keyOf(rows[above] ?? '')]
    if (!theirs || mine.dash || mine.column === theirs.column) continue
    const columns = new Set(rows.slice(0, index).map((one) => keyOf(one)?.column))
    // Deeper than a key without a value of its own, or at the column of an earlier one: YAML means something else.
    if (columns.has(mine.column) || (mine.column > theirs.column && theirs.opens)) continue
    const far = mine.column > theirs.column ? 'more' : 'less'
    return {
      place: { line: index + 1, column: mine.column + 1 },
      path: [],
      message: `line ${index + 1} is indented ${far} than ${show(theirs.name)} in line ${above + 1}`,
      fix: `indent ${show(mine.name)} like the key that it belongs beside`,
    }
  }
  return undefined
}

/** The key of a line, with the column, from 0, at which it begins; a dash before it is indentation, too. */
function keyOf(row: string): { name: string; column: number; dash: boolean; opens: boolean } | undefined {
  const [, before, dash = '', name, value = ''] =
    /^( *)((?:- +)?)([\w$-]{1,60}):(?: +([^ ].*)?)?$/.exec(row) ?? []
  if (before === undefined || name === undefined) return undefined
  const opens = value === '' || /^[#|>&]/.test(value)
  return { name, column: before.length + dash.length, dash: dash !== '', opens }
}

/** `{ port: ${PORT} }`: inside braces and brackets YAML takes the inner brace for a mapping. */
function variableFault(rows: readonly string[], { line }: Place): YamlFault | undefined {
  const found = /[\s,[{][^\s,'"[{]{0,200}\$\{(\w{1,60})\}/.exec(rows[line - 1] ?? '')
  if (!found) return undefined
  return {
    place: { line, column: found.index + 2 },
    path: [],
    message: 'a variable in braces needs quotes here',
    fix: `put the whole value into quotes, or write $${found[1]}`,
  }
}

/** `path: /rooms/{id}` inside braces: YAML takes the inner brace for a mapping. */
function bracesFault(rows: readonly string[], { line }: Place): YamlFault | undefined {
  const row = rows[line - 1] ?? ''
  const found = /[:\s](\/[^\s,{}'"]{0,200})\{\w{1,60}\}/.exec(row)
  if (!found) return undefined
  return {
    place: { line, column: found.index + 2 },
    path: [],
    message: 'a path with { } is no path here: there are no placeholders',
    fix: `write ${found[1]}*`,
  }
}

function syntaxFix(error: YAMLError, row: string): string | undefined {
  if (error.code === 'TAB_AS_INDENT') return 'indent with spaces'
  const six = /(?<!['"])\[[0-9a-f.]*:[0-9a-f:.]*\]:\d+/i.exec(row)?.[0]
  if (six) return `put an address in brackets in quotes: '${six}'`
  return undefined
}
