/** Reads the language of nginx.conf: directives with words, and blocks of them; includes are put in their places. */
import { ConfigError, type ConfigFile, maxDepth, maxFiles, type ReadFiles, type Report } from './context.ts'
import type { Directive } from './directive.ts'

/** What an include leads to, or why it leads nowhere. */
interface Includes {
  read?: ReadFiles
  report: Report
  /** Folders that a path without a leading slash may be relative to: that of nginx.conf, as far as it is known. */
  bases: readonly string[]
  /** Whether an include could not be followed, so that what is missing may stand there. */
  partial: boolean
  files: number
}

/** Files that every package of nginx brings along and that hold nothing about proxying. */
const harmless =
  /^(?:mime\.types|(?:fastcgi|uwsgi|scgi)(?:_params|\.conf)|fastcgi-php\.conf|koi-\w+|win-utf|[^*]*ssl[^*]*\.conf)$/

function isHarmless(path: string): boolean {
  return path.endsWith('modules-enabled/*.conf') || harmless.test(path.slice(path.lastIndexOf('/') + 1))
}

/** The directives of a configuration, includes followed; `partial` when some could not be. */
export function parseNginx(
  main: ConfigFile,
  report: Report,
  read?: ReadFiles,
): { directives: Directive[]; partial: boolean } {
  const base = main.path.slice(0, main.path.lastIndexOf('/') + 1)
  const bases = [base, base.replace(/(?:sites-\w+|conf\.d|snippets)\/$/, '')]
  const includes: Includes = { ...(read && { read }), report, bases, partial: false, files: 0 }
  const directives = report.guard(() => follow(parseFile(main), includes, [main.path], 0)) ?? []
  return { directives, partial: includes.partial }
}

/** Replaces each include by the directives that it leads to. */
function follow(directives: Directive[], includes: Includes, within: string[], depth: number): Directive[] {
  const { report } = includes
  if (depth > maxDepth) return []
  return directives.flatMap((directive) => {
    const { name, args, place, block } = directive
    if (name !== 'include' || block) {
      return [block ? { ...directive, block: follow(block, includes, within, depth + 1) } : directive]
    }
    const path = args[0] ?? ''
    const files = find(path, includes)
    if (files.length === 0) {
      if (isHarmless(path) || (includes.read && /[*?[]/.test(path))) return []
      includes.partial = true
      const why = includes.read ? 'no such file' : 'the file was not given; nginx -T prints all of them'
      report.problem(place, `include ${path} could not be followed: ${why}`)
      // It stays where it is, so that nobody takes for missing what may be in it.
      return [directive]
    }
    return files.flatMap((file) => {
      if (within.includes(file.path) || ++includes.files > maxFiles) {
        report.problem(place, `include ${path} leads back to itself`)
        return []
      }
      // Certificates' and other foreign texts are no directives; what nginx would refuse is a problem of that file.
      const parsed = report.guard(() => parseFile(file)) ?? []
      return follow(parsed, includes, [...within, file.path], depth + 1)
    })
  })
}

function find(path: string, { read, bases }: Includes): readonly ConfigFile[] {
  for (const base of path.startsWith('/') ? [''] : bases) {
    const files = path ? (read?.(base + path) ?? []) : []
    if (files.length > 0) return files
  }
  return []
}

const marker = /^# configuration file (.+):$/

/** The files in what `nginx -T` prints, in its order, the main one first; undefined when it is no such text. */
export function splitDump(file: ConfigFile): ConfigFile[] | undefined {
  const rows = file.text.split('\n')
  if (!rows.some((row) => marker.test(row.trimEnd()))) return undefined
  const files: { path: string; rows: string[] }[] = []
  for (const row of rows) {
    const path = marker.exec(row.trimEnd())?.[1]
    if (path) files.push({ path, rows: [] })
    else files.at(-1)?.rows.push(row)
  }
  return files.map(({ path, rows: own }) => ({ path, text: own.join('\n') }))
}

interface Token {
  text: string
  line: number
  /** A word in quotes is never a semicolon or a brace. */
  quoted: boolean
}

/** The directives of one file. Throws a ConfigError where nginx would refuse the file. */
export function parseFile(file: ConfigFile): Directive[] {
  const top: Directive[] = []
  const open: { block: Directive[]; name: string; line: number }[] = [{ block: top, name: '', line: 1 }]
  let words: Token[] = []
  const fail = (line: number, message: string): never => {
    throw new ConfigError({ file: file.path, line }, message)
  }
  for (const token of tokens(file)) {
    const mark = token.quoted ? '' : token.text
    const first = words[0]
    if (mark === ';' || mark === '{') {
      if (!first) return fail(token.line, `unexpected "${mark}"`)
      const place = { file: file.path, line: first.line }
      const directive: Directive = { name: first.text, args: words.slice(1).map(({ text }) => text), place }
      open.at(-1)?.block.push(directive)
      words = []
      if (mark === '{') {
        directive.block = []
        open.push({ block: directive.block, name: first.text, line: first.line })
        if (open.length > maxDepth) return fail(token.line, `nested deeper than ${maxDepth} levels`)
      }
    } else if (mark === '}') {
      if (first) return fail(first.line, `"${first.text}" has no ";" at its end`)
      if (open.length === 1) return fail(token.line, 'unexpected "}"')
      open.pop()
    } else {
      words.push(token)
    }
  }
  const left = words[0]
  if (left) return fail(left.line, `"${left.text}" has no ";" at its end`)
  const unclosed = open.at(-1)
  if (open.length > 1 && unclosed)
    return fail(unclosed.line, `the block of "${unclosed.name}" has no "}" at its end`)
  return top
}

/** Words, quoted words, semicolons and braces; comments and blocks of Lua are left out. */
function* tokens({ text, path }: ConfigFile): Generator<Token> {
  let line = 1
  let lua = false
  const next =
    /\s+|#[^\n]*|[;{}]|"(?:[^"\\]|\\[\s\S])*"|'(?:[^'\\]|\\[\s\S])*'|(?:\\[\s\S]|\$\{|[^\s;{\\])+|\\/y
  while (next.lastIndex < text.length) {
    const start = next.lastIndex
    const found = next.exec(text)?.[0]
    if (found === undefined) throw new ConfigError({ file: path, line }, 'a quote is not closed')
    const first = found[0] ?? ''
    const quoted = first === '"' || first === "'"
    if (quoted && (found.length === 1 || found.at(-1) !== first)) {
      throw new ConfigError({ file: path, line }, 'a quote is not closed')
    }
    if (lua && found === '{') {
      next.lastIndex = afterLua(text, start, path, line)
      yield { text: '', line, quoted: true }
      yield { text: ';', line, quoted: false }
      line += text.slice(start, next.lastIndex).split('\n').length - 1
      lua = false
      continue
    }
    if (/\S/.test(first) && first !== '#') {
      yield { text: quoted ? found.slice(1, -1).replace(/\\(["'\\])/g, '$1') : found, line, quoted }
      lua = /_by_lua_block$/.test(found)
    }
    line += found.split('\n').length - 1
  }
}

/** Where a block of Lua ends: its braces are counted, but for those in strings and comments. */
function afterLua(text: string, start: number, path: string, line: number): number {
  const next = /--[^\n]*|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[{}]/g
  next.lastIndex = start
  let depth = 0
  for (let found = next.exec(text); found; found = next.exec(text)) {
    if (found[0] === '{') depth++
    else if (found[0] === '}' && --depth === 0) return next.lastIndex
  }
  throw new ConfigError({ file: path, line }, 'a block of Lua has no "}" at its end')
}
