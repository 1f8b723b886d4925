// A configuration in several files: what `include` names is read, and joined to one value of which every part knows its file.
import { readdir } from 'node:fs/promises'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { maxFileBytes } from '../core/index.ts'
import { type ConfigProblem, type Path, pathText, show, Wrong } from './errors.ts'
import { fileWrong, notUtf8, tooLarge } from './file-faults.ts'
import { type Environment, fillIn, notSet } from './variables.ts'
import { readYaml, type YamlReading } from './yaml.ts'
import type { Place } from './yaml-faults.ts'

export interface IncludeSources {
  file: string
  env: Environment
  readFile(path: string): Promise<string | Buffer>
  /** The names in a folder. A rejection is a problem of the configuration. */
  listFolder?: (path: string) => Promise<string[]>
}

/** A part of the configuration, where it is written. */
export interface Written {
  file: string
  /** Within that file. */
  path: Path
  place: Place
}

const mostFiles = 256
const mostBytes = 4 * maxFileBytes
const mostDepth = 8
const mostNames = 10_000
const listWithinMs = 5000

/** Lists whose entries may stand in several files: those of one come behind those of the file that names it. */
const joined = ['listen', 'trustedProxies', 'routes']

const notMapping = new Wrong('must be a mapping of keys, such as routes')
const bareList = new Wrong(notMapping.message, 'write routes: above the list')

interface Part {
  file: string
  yaml: YamlReading
  /** What it has under a key begins at this index of the list of all; a value that is no list counts as one entry. */
  begins: Map<string, { index: number; length: number; isList: boolean }>
}

/** All files of a configuration. */
export class ConfigFiles {
  readonly problems: ConfigProblem[] = []
  readonly warnings: ConfigProblem[] = []
  /** In the order in which they are read. */
  readonly parts: Part[] = []
  readonly #sources: IncludeSources
  readonly #seen = new Set<string>()
  readonly #value: Record<string, unknown> = {}
  #bytes = 0

  constructor(sources: IncludeSources) {
    this.#sources = sources
  }

  /** Reads the text of the first file, and whatever it includes. Undefined when that leaves nothing to look at. */
  async read(text: string): Promise<unknown> {
    const { file } = this.#sources
    this.#seen.add(resolve(file))
    const part = this.#parse(file, text)
    const { value } = part.yaml
    if (!isMapping(value)) return value
    await this.#join(part, value, 0)
    return this.#value
  }

  /** Where a part of the whole is written. */
  written(path: Path, part: 'key' | 'value' = 'value'): Written {
    const [key, index, ...rest] = path
    for (const { file, yaml, begins } of this.parts) {
      const its = key === undefined ? undefined : begins.get(String(key))
      if (key === undefined || !its) continue
      const inside = typeof index === 'number' ? index - its.index : undefined
      if (inside !== undefined && (inside < 0 || inside >= its.length)) continue
      const own: Path = inside === undefined ? path : [key, ...(its.isList ? [inside] : []), ...rest]
      return { file, path: own, place: yaml.placeOf(own, part) }
    }
    const [main] = this.parts as [Part]
    return { file: main.file, path, place: main.yaml.placeOf(path, part) }
  }

  #parse(file: string, text: string): Part {
    const yaml = readYaml(text.replace(/^\uFEFF/, ''))
    const part = { file, yaml, begins: new Map() }
    this.parts.push(part)
    for (const { place, path, message, fix } of yaml.faults)
      this.problems.push({
        level: 'error',
        file,
        ...place,
        path: pathText(path),
        message,
        ...(fix && { fix }),
      })
    return part
  }

  async #join(part: Part, value: Record<string, unknown>, depth: number): Promise<void> {
    for (const [key, item] of Object.entries(value)) {
      if (key === 'include' || (key === '$schema' && depth > 0)) continue
      this.#take(part, key, item)
    }
    if (!Object.hasOwn(value, 'include')) return
    const { include } = value
    const patterns = typeof include === 'string' ? [include] : include
    if (!Array.isArray(patterns) || patterns.length === 0)
      return this.#fault(part, ['include'], new Wrong('must be a list of files, such as [routes/*.yaml]'))
    for (const [index, pattern] of patterns.entries()) {
      const at = typeof include === 'string' ? ['include'] : ['include', index]
      await this.#include(part, at, pattern, depth + 1)
    }
  }

  /** The lists of several files become one; anything else is said once. */
  #take(part: Part, key: string, item: unknown): void {
    const isList = Array.isArray(item)
    const before = Object.hasOwn(this.#value, key) ? this.#value[key] : undefined
    if (before !== undefined && !joined.includes(key)) {
      const { file, place } = this.written([key], 'key')
      const wrong = new Wrong(`is given in ${file}:${place.line} already`, 'leave it out of one of them')
      return this.#fault(part, [key], wrong, 'key')
    }
    const all = before === undefined ? [] : Array.isArray(before) ? before : [before]
    part.begins.set(key, { index: all.length, length: isList ? item.length : 1, isList })
    // An assignment to __proto__ would be lost.
    Object.defineProperty(this.#value, key, {
      value: before === undefined ? item : [...all, ...(isList ? item : [item])],
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }

  async #include(from: Part, at: Path, pattern: unknown, depth: number): Promise<void> {
    const named = this.#named(pattern)
    const files = named instanceof Wrong ? named : await this.#matching(from, named)
    if (files instanceof Wrong) return this.#fault(from, at, files)
    if (files.length === 0) this.#report('warning', from, at, new Wrong(`matches no file: ${show(named)}`))
    for (const file of files) {
      const wrong = await this.#open(file, files.length > 1 || hasWildcard(String(named)), depth)
      if (wrong) this.#fault(from, at, wrong)
    }
  }

  #named(pattern: unknown): string | Wrong {
    if (typeof pattern !== 'string' || pattern === '')
      return new Wrong('must be a file such as routes/*.yaml')
    const filled = fillIn(pattern, this.#sources.env)
    if (filled instanceof Wrong) return filled
    return filled.missing.length > 0 ? notSet(filled.missing) : filled.text
  }

  /** Reads a file, each only once: what a pattern matches again is left out. */
  async #open(file: string, matched: boolean, depth: number): Promise<Wrong | undefined> {
    const path = resolve(file)
    if (this.#seen.has(path))
      return matched ? undefined : new Wrong(`names ${file}, which is read already`, 'name each file once')
    this.#seen.add(path)
    if (depth > mostDepth) return new Wrong(`is nested deeper than ${mostDepth} files`)
    if (this.#seen.size > mostFiles) return new Wrong(`makes more than ${mostFiles} files`)
    const content = await this.#sources.readFile(path).catch(fileWrong)
    if (content instanceof Wrong) return new Wrong(`names ${file}, which ${content.message}`, content.fix)
    const odd = typeof content === 'string' ? undefined : notUtf8(content)
    if (odd)
      return new Wrong(`names ${file}, which ${odd.wrong.message} in line ${odd.place.line}`, odd.wrong.fix)
    const text = content.toString()
    if (text.length > maxFileBytes) return new Wrong(`names ${file}, which ${tooLarge.message}`)
    this.#bytes += text.length
    if (this.#bytes > mostBytes) return new Wrong('makes more than 4 MiB, all files together')
    const part = this.#parse(file, text)
    const { value } = part.yaml
    if (isMapping(value)) await this.#join(part, value, depth)
    // A file in which everything is commented out says nothing.
    else if (value !== undefined && value !== null)
      this.#fault(part, [], Array.isArray(value) ? bareList : notMapping)
    return undefined
  }

  /** The files that a name or a pattern means, relative to the file that it stands in, in the order of their names. */
  async #matching(from: Part, pattern: string): Promise<string[] | Wrong> {
    const whole = isAbsolute(pattern) ? pattern : join(dirname(from.file), pattern)
    if (!hasWildcard(pattern)) return [whole]
    if (pattern.includes('**')) return new Wrong('must not hold **', 'write a pattern for each folder')
    const [first = '', ...steps] = whole.split('/')
    let found = [first === '' ? '/' : first]
    if (hasWildcard(first)) {
      steps.unshift(first)
      found = ['.']
    }
    for (const [index, step] of steps.entries()) {
      if (!hasWildcard(step)) found = found.map((folder) => join(folder, step))
      else {
        const listed = await this.#listed(found, step, steps.slice(0, index).some(hasWildcard))
        if (listed instanceof Wrong) return listed
        found = listed
      }
    }
    return found
  }

  async #listed(folders: string[], step: string, matched: boolean): Promise<string[] | Wrong> {
    const found: string[] = []
    for (const folder of folders) {
      const names = (await this.#sources.listFolder?.(resolve(folder)).catch(fileWrong)) ?? []
      if (names instanceof Wrong) {
        // What a pattern has matched need not be a folder.
        if (matched) continue
        return new Wrong(`names the folder ${folder}, which ${names.message}`, names.fix)
      }
      if (names.length > mostNames) return new Wrong(`names the folder ${folder}, which is too full`)
      const fits = names.filter((name) => matches(name, step)).sort()
      found.push(...fits.map((name) => join(folder, name)))
    }
    return found
  }

  #fault(part: Part, path: Path, wrong: Wrong, which: 'key' | 'value' = 'value'): void {
    this.#report('error', part, path, wrong, which)
  }

  #report(
    level: ConfigProblem['level'],
    part: Part,
    path: Path,
    { message, fix }: Wrong,
    which: 'key' | 'value' = 'value',
  ) {
    const at = pathText(path)
    const problem = { level, file: part.file, ...part.yaml.placeOf(path, which), path: at }
    const list = level === 'error' ? this.problems : this.warnings
    list.push({ ...problem, message: `${at || 'the file'} ${message}`, ...(fix && { fix }) })
  }
}

/** The names in a folder, within 5 s: a network file system may never answer. */
export async function listFolder(path: string): Promise<string[]> {
  const late = Object.assign(new Error('ETIMEDOUT'), { code: 'ETIMEDOUT' })
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, listWithinMs, late)
  })
  try {
    return await Promise.race([readdir(path), tooLate])
  } finally {
    clearTimeout(timer)
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasWildcard(text: string): boolean {
  return /[*?]/.test(text)
}

/** As a shell does: a name that begins with a dot is meant only by a pattern that does, too. */
function matches(name: string, pattern: string): boolean {
  if (name.startsWith('.') && !pattern.startsWith('.')) return false
  // Without expressions: `*` twice in one would try each way to share a name between them.
  const pieces = pattern.split('*')
  const fits = (at: number, piece: string) =>
    at + piece.length <= name.length &&
    piece.split('').every((char, i) => char === '?' || char === name[at + i])
  const [head = '', ...rest] = pieces
  if (!fits(0, head)) return false
  let at = head.length
  const last = rest.pop()
  if (last === undefined) return at === name.length
  for (const piece of rest) {
    while (at + piece.length <= name.length && !fits(at, piece)) at++
    if (at + piece.length > name.length) return false
    at += piece.length
  }
  return name.length - last.length >= at && fits(name.length - last.length, last)
}
