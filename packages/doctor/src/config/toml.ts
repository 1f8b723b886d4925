/** Reads TOML into a tree. The parser forgets positions, so the lines of keys are found in the text beside it. */
import { parse, TomlError } from 'smol-toml'
import { type ConfigFile, maxDepth, type Report } from './context.ts'
import type { Tree } from './tree.ts'

/** The document of a file; undefined, and a problem, when it is no TOML. */
export function readToml(file: ConfigFile, report: Report): Tree | undefined {
  const lines = linesOf(file.text)
  try {
    // Arrays and inline tables nest by recursion; a deep one must not exhaust the stack.
    if (/(?:[[{]\s*){100}/.test(file.text)) throw new RangeError('deep')
    return build(parse(file.text), '', 1, { file: file.path, lines }, 0)
  } catch (error) {
    if (error instanceof TomlError) {
      const message = error.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '') ?? ''
      report.problem({ file: file.path, line: error.line }, `not readable as TOML: ${message}`)
    } else if (error instanceof RangeError) {
      report.problem({ file: file.path, line: 1 }, `nested deeper than ${maxDepth} levels`)
    } else {
      throw error
    }
    return undefined
  }
}

interface Source {
  file: string
  lines: ReadonlyMap<string, number>
}

function build(value: unknown, path: string, line: number, source: Source, depth: number): Tree {
  if (depth > maxDepth) throw new RangeError('deep')
  const place = { file: source.file, line: source.lines.get(path) ?? line, toml: true } as const
  const below = (child: unknown, key: string) =>
    build(child, `${path}\n${key}`, place.line, source, depth + 1)
  if (Array.isArray(value)) return { place, items: value.map((item, index) => below(item, String(index))) }
  if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
    return { place, entries: Object.entries(value).map(([key, child]) => [key, below(child, key)]) }
  }
  const simple = typeof value === 'boolean' || typeof value === 'number'
  return { place, scalar: simple ? value : String(value) }
}

/**
 * The line of each key that begins one, by its path, whose parts are joined by line ends. Keys inside inline tables
 * and inside arrays over several lines have none, and take the line of what they are in.
 */
function linesOf(text: string): Map<string, number> {
  const lines = new Map<string, number>()
  const counts = new Map<string, number>()
  let table = ''
  text.split('\n').forEach((row, index) => {
    const header = /^\s*(\[\[?)([^\]]+)\]/.exec(row)
    if (header) {
      const names = parts(header[2] ?? '')
      table = resolve(names.slice(0, header[1] === '[[' ? -1 : undefined), counts)
      if (header[1] === '[[') {
        const list = `${table}\n${names.at(-1)}`
        const count = (counts.get(list) ?? -1) + 1
        counts.set(list, count)
        if (!lines.has(list)) lines.set(list, index + 1)
        table = `${list}\n${count}`
      }
      if (!lines.has(table)) lines.set(table, index + 1)
      return
    }
    const key = /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/.exec(row)
    let path = table
    for (const part of key ? parts(key[1] ?? '') : []) {
      path += `\n${part}`
      if (!lines.has(path)) lines.set(path, index + 1)
    }
  })
  return lines
}

/** The path of a table; inside a list of tables it is in the one that began last. */
function resolve(names: string[], counts: ReadonlyMap<string, number>): string {
  let path = ''
  for (const name of names) {
    path += `\n${name}`
    const count = counts.get(path)
    if (count !== undefined) path += `\n${count}`
  }
  return path
}

function parts(key: string): string[] {
  return [...key.matchAll(/"([^"]*)"|'([^']*)'|[^\s.]+/g)].map(
    ([all, double, single]) => double ?? single ?? all,
  )
}
