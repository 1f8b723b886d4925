/** Reads the language of Caddyfiles: lines of words, some with a block; snippets and imports are put in their places. */
import { ConfigError, type ConfigFile, maxDepth, maxFiles, type ReadFiles, type Report } from './context.ts'
import type { Directive } from './directive.ts'

/** A site, or what stands in its place: its addresses are the name and the arguments. */
export type Site = Directive

/** The sites of a Caddyfile, imports followed; the block of global options is left out. */
export function parseCaddyfile(file: ConfigFile, report: Report, read?: ReadFiles): Site[] {
  const lines = report.guard(() => parseLines(file)) ?? []
  const sites: Directive[] = []
  const importer = new Importer(report, read)
  for (const line of lines) if (!importer.keep(line) && line.name !== '') sites.push(line)
  // The first line of a file without braces around its only site is the address, and all others are of that site.
  const [address, ...block] = sites
  if (address && !address.block && /[.:/]|^localhost/.test(address.name)) {
    return [{ ...address, block: importer.expand(block, [file.path], 0) }]
  }
  return importer.expand(sites, [file.path], 0)
}

class Importer {
  readonly #snippets = new Map<string, Directive[]>()
  readonly #report: Report
  readonly #read: ReadFiles | undefined
  #files = 0

  constructor(report: Report, read?: ReadFiles) {
    this.#report = report
    this.#read = read
  }

  /** Keeps a line for later if it is a snippet: `(name) { … }`. */
  keep({ name, block }: Directive): boolean {
    if (!block || !/^\(.+\)$/.test(name)) return false
    this.#snippets.set(name.slice(1, -1), block)
    return true
  }

  expand(lines: readonly Directive[], within: readonly string[], depth: number): Directive[] {
    if (depth > maxDepth) return []
    return lines.flatMap((line) => {
      if (line.name === 'import') return this.#import(line, within, depth)
      return [line.block ? { ...line, block: this.expand(line.block, within, depth + 1) } : line]
    })
  }

  #import({ args, place }: Directive, within: readonly string[], depth: number): Directive[] {
    const [path = '', ...values] = args
    const snippet = this.#snippets.get(path)
    const name = snippet ? `(${path})` : path
    if (within.includes(name) || ++this.#files > maxFiles) {
      this.#report.problem(place, `import ${path} leads back to itself`)
      return []
    }
    if (snippet) return this.expand(withArguments(snippet, values), [...within, name], depth + 1)
    const folder = place.file.slice(0, place.file.lastIndexOf('/') + 1)
    const files = this.#read?.(path.startsWith('/') ? path : folder + path) ?? []
    if (files.length === 0 && !(this.#read && /[*?]/.test(path))) {
      const why = this.#read ? 'no such file or snippet' : 'the file was not given'
      this.#report.problem(place, `import ${path} could not be followed: ${why}`)
    }
    return files.flatMap((file) => {
      if (within.includes(file.path)) return []
      const parsed = this.#report.guard(() => parseLines(file)) ?? []
      return this.expand(
        parsed.filter((line) => !this.keep(line)),
        [...within, file.path],
        depth + 1,
      )
    })
  }
}

/** Puts the arguments of an import into the places that its snippet keeps for them: {args[0]}, formerly {args.0}. */
function withArguments(lines: readonly Directive[], values: readonly string[]): Directive[] {
  const put = (word: string) =>
    word.replace(
      /\{args(?:\[(\d+)\]|\.(\d+))\}/g,
      (place, one?: string, two?: string) => values[Number(one ?? two)] ?? place,
    )
  return lines.map((line) => ({
    ...line,
    name: put(line.name),
    args: line.args.map(put),
    ...(line.block && { block: withArguments(line.block, values) }),
  }))
}

/** The lines of one file. Throws a ConfigError where Caddy would refuse the file. */
function parseLines(file: ConfigFile): Directive[] {
  const top: Directive[] = []
  const open: { block: Directive[]; line: number }[] = [{ block: top, line: 1 }]
  for (const { words, line, opens } of rows(file)) {
    const place = { file: file.path, line }
    if (words[0] === '}') {
      if (open.length === 1) throw new ConfigError(place, 'unexpected "}"')
      open.pop()
      // What follows a closing brace on its line would be refused, but for one more brace.
      for (const word of words.slice(1)) {
        if (word !== '}' || open.length === 1)
          throw new ConfigError(place, `unexpected "${word.slice(0, 40)}" after "}"`)
        open.pop()
      }
      continue
    }
    const [name = '', ...args] = opens ? words.slice(0, -1) : words
    const directive: Directive = { name, args, place, ...(opens && { block: [] }) }
    open.at(-1)?.block.push(directive)
    if (directive.block) open.push({ block: directive.block, line })
    if (open.length > maxDepth) throw new ConfigError(place, `nested deeper than ${maxDepth} levels`)
  }
  const unclosed = open.at(-1)
  if (open.length > 1 && unclosed) {
    throw new ConfigError({ file: file.path, line: unclosed.line }, 'this block has no "}" at its end')
  }
  return top
}

interface Row {
  words: string[]
  line: number
  /** Whether it ends in a brace, one that is not in quotes. */
  opens: boolean
}

/** Words by line; a backslash at the end of a line joins it with the next. */
function* rows(file: ConfigFile): Generator<Row> {
  const next = /\n|[^\S\n]+|\\\n|"(?:[^"\\]|\\[\s\S])*"|`[^`]*`|[^\s]+/y
  let line = 1
  let row: Row = { words: [], line, opens: false }
  while (next.lastIndex < file.text.length) {
    const found = next.exec(file.text)?.[0] ?? ''
    if (found === '\n') {
      if (row.words.length > 0) yield row
      row = { words: [], line: ++line, opens: false }
      continue
    }
    const first = found[0] ?? ''
    if (found.startsWith('<<') && /^<<[\w-]+$/.test(found)) {
      const end = heredoc(file, next.lastIndex, found.slice(2), line)
      row.words.push(file.text.slice(next.lastIndex + 1, end))
      line += file.text.slice(next.lastIndex, end).split('\n').length - 1
      next.lastIndex = end
    } else if (first === '#') {
      const end = file.text.indexOf('\n', next.lastIndex - found.length)
      next.lastIndex = end < 0 ? file.text.length : end
    } else if (/\S/.test(first) && found !== '\\\n') {
      const quoted = first === '"' || first === '`'
      if (quoted && (found.length === 1 || found.at(-1) !== first)) {
        throw new ConfigError({ file: file.path, line }, 'a quote is not closed')
      }
      row.words.push(quoted ? found.slice(1, -1).replaceAll('\\"', '"') : found)
      row.opens = found === '{'
      line += found.split('\n').length - 1
    } else if (found === '\\\n') {
      line++
    }
  }
  if (row.words.length > 0) yield row
}

/** Where the text of a heredoc ends: behind the line that holds its marker alone. */
function heredoc(file: ConfigFile, start: number, marker: string, line: number): number {
  const end = new RegExp(`\\n[^\\S\\n]*${marker}(?=\\s|$)`, 'g')
  end.lastIndex = start
  const found = end.exec(file.text)
  if (!found) throw new ConfigError({ file: file.path, line }, `the text after <<${marker} has no end`)
  return found.index + found[0].length
}
