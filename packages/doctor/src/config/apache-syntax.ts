/** Reads the language of Apache's files: a directive on each line, and sections in angle brackets. */
import {
  ConfigError,
  type ConfigFile,
  maxDepth,
  maxFiles,
  type Place,
  type ReadFiles,
  type Report,
} from './context.ts'
import type { Directive } from './directive.ts'

interface Includes {
  read?: ReadFiles
  report: Report
  /** ServerRoot, or the folder of the main file: other paths are relative to it. */
  base: string
  partial: boolean
  files: number
}

/** The directives of a configuration, includes followed; names are in lower case. `partial` when some could not be. */
export function parseApache(
  main: ConfigFile,
  report: Report,
  read?: ReadFiles,
): { directives: Directive[]; partial: boolean } {
  const parsed = report.guard(() => parseFile(main)) ?? []
  const root = parsed.find(({ name }) => name === 'serverroot')?.args[0]
  const base = root ? `${root.replace(/\/$/, '')}/` : main.path.slice(0, main.path.lastIndexOf('/') + 1)
  const includes: Includes = { ...(read && { read }), report, base, partial: false, files: 0 }
  return { directives: follow(parsed, includes, [main.path]), partial: includes.partial }
}

function follow(
  directives: readonly Directive[],
  includes: Includes,
  within: readonly string[],
): Directive[] {
  const { read, report, base } = includes
  return directives.flatMap((directive) => {
    const { name, args, place, block } = directive
    if (name !== 'include' && name !== 'includeoptional') {
      return [block ? { ...directive, block: follow(block, includes, within) } : directive]
    }
    const path = args[0] ?? ''
    const files = path ? (read?.(path.startsWith('/') ? path : base + path) ?? []) : []
    if (files.length === 0 && !(read && (name === 'includeoptional' || /[*?[]/.test(path)))) {
      const written = name === 'include' ? 'Include' : 'IncludeOptional'
      const aboutTls = /ssl|letsencrypt/i.test(path)
      if (!aboutTls) includes.partial = true
      // Which modules are loaded and which sites are on is no matter of the site that is looked at.
      const why = read ? 'no such file' : 'the file was not given'
      if (name === 'include' && !aboutTls)
        report.problem(place, `Include ${path} could not be followed: ${why}`)
      else report.notRead(place, `${written} ${path} could not be followed: ${why}`)
    }
    return files.flatMap((file) => {
      if (within.includes(file.path) || within.length > maxDepth || ++includes.files > maxFiles) {
        report.problem(place, `Include ${path} leads back to itself`)
        return []
      }
      const parsed = report.guard(() => parseFile(file)) ?? []
      return follow(parsed, includes, [...within, file.path])
    })
  })
}

/** The directives of one file. Throws a ConfigError where Apache would refuse the file. */
function parseFile(file: ConfigFile): Directive[] {
  const top: Directive[] = []
  const open: { block: Directive[]; name: string; place: Place }[] = []
  for (const { text, line } of rows(file.text)) {
    const place = { file: file.path, line }
    const closing = /^<\/\s*(\w+)\s*>/.exec(text)?.[1]?.toLowerCase()
    const section = /^<\s*(\w+)/.exec(text)
    const block = open.at(-1)?.block ?? top
    if (closing) {
      const last = open.pop()
      if (last?.name === closing) continue
      const expected = last
        ? `</${last.name}> expected, for the section of line ${last.place.line}`
        : 'no section is open'
      throw new ConfigError(place, `unexpected </${closing}>: ${expected}`)
    }
    if (section) {
      if (!text.endsWith('>')) throw new ConfigError(place, `<${section[1]} has no ">" at its end`)
      const name = section[1]?.toLowerCase() ?? ''
      const directive = { name, args: words(text.slice(section[0].length, -1)), place, block: [] }
      block.push(directive)
      open.push({ block: directive.block, name, place })
      if (open.length > maxDepth) throw new ConfigError(place, `nested deeper than ${maxDepth} levels`)
      continue
    }
    const [name = '', ...args] = words(text)
    if (!/^\w+$/.test(name)) throw new ConfigError(place, `"${name.slice(0, 40)}" is no directive`)
    block.push({ name: name.toLowerCase(), args, place })
  }
  const unclosed = open.at(-1)
  if (unclosed) throw new ConfigError(unclosed.place, `<${unclosed.name}> has no </${unclosed.name}>`)
  return top
}

/** Lines that hold something; a backslash at the end of one joins it with the next. */
function* rows(text: string): Generator<{ text: string; line: number }> {
  let joined: string[] = []
  let begin = 1
  const rows = text.split('\n')
  for (const [index, row] of rows.entries()) {
    if (joined.length === 0) begin = index + 1
    const goesOn = row.endsWith('\\')
    joined.push(goesOn ? row.slice(0, -1) : row)
    if (goesOn && index + 1 < rows.length) continue
    const line = joined.join(' ').trim()
    joined = []
    if (line !== '' && !line.startsWith('#')) yield { text: line, line: begin }
  }
}

function words(text: string): string[] {
  const found = text.matchAll(/"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|\S+/g)
  return [...found].map(([all, double, single]) => double?.replaceAll('\\"', '"') ?? single ?? all)
}
