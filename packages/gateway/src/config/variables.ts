// Variables of the environment in the texts of a configuration: $NAME, ${NAME}, and $$ for a dollar.
import { maxFileBytes } from '../core/index.ts'
import { type Finding, type Path, pathText, show, Wrong } from './errors.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** A text with the variables that it names. */
export interface Filled {
  text: string
  /** The variables that were put in. */
  names: string[]
  missing: string[]
}

const reference = /\$(?:\$|([A-Za-z_]\w*)|\{([^{}]*)\}?)/g
const variableName = /^[A-Za-z_]\w*$/

/** Puts the variables into a text; of one that is not set nothing is put in. A dollar before anything else stays. */
export function fillIn(text: string, env: Environment): Filled | Wrong {
  const names = new Set<string>()
  const missing = new Set<string>()
  let odd: string | undefined
  let added = 0
  const filled = text.replace(reference, (whole, plain: string | undefined, braced: string | undefined) => {
    const name = plain ?? braced
    if (name === undefined) return '$'
    if (!variableName.test(name) || (braced !== undefined && !whole.endsWith('}'))) odd ??= whole
    const value = env[name]
    ;(value === undefined ? missing : names).add(name)
    added += value?.length ?? 0
    return added > maxFileBytes ? '' : (value ?? '')
  })
  if (added > maxFileBytes) return tooLong
  if (odd !== undefined) return new Wrong(`holds ${show(odd)}, which is no variable`, oddFix)
  return { text: filled, names: [...names], missing: [...missing] }
}

const tooLong = new Wrong('is larger than 1 MiB with its variables')
const oddFix = `write $NAME or $\{NAME}, without a default; $$ is a dollar`

/** What to say of variables that are not set. */
export function notSet(missing: readonly string[]): Wrong {
  return new Wrong(
    `names ${missing.join(' and ')}, which is not set`,
    'set it where holdfast is started; $$ is a dollar',
  )
}

/** A text of the file that holds variables, and what became of it. */
interface Place {
  written: string
  filled: string
  names: string[]
}

/** The most that a configuration may hold: what aliases and variables make of it must fit into memory, too. */
const mostValues = 100_000
const mostDepth = 64

/** Texts whose `$` means something else, or that hold what no message may show: read where they are used. */
function isLeft(path: Path): boolean {
  const [first, , third] = path
  if (path.at(-1) === 'passphrase' || path.at(-1) === 'hmacKey' || first === '$schema') return true
  if (first === 'fleet' && (path[1] === 'store' || path[1] === 'secret')) return true
  return (first === 'admin' && path[1] === 'token') || (first === 'routes' && third === 'headers')
}

/** A configuration with the variables of its texts put in. */
export class FilledValue {
  readonly value: unknown
  readonly findings: Finding[] = []
  readonly #env: Environment
  readonly #places = new Map<string, Place>()
  readonly #unset = new Set<string>()
  #values = 0
  #added = 0

  constructor(value: unknown, env: Environment) {
    this.#env = env
    this.value = this.#copy(value, [])
    if (this.#values > mostValues) this.#report([], new Wrong('holds more than 100,000 values'))
    if (this.#added > maxFileBytes) this.#report([], tooLong)
  }

  /**
   * The value with numbers, `true` and `false` in place of the texts at these paths, where variables have put such texts:
   * a variable holds nothing else. Undefined when there is nothing to replace.
   */
  retyped(paths: readonly Path[]): unknown {
    let value: unknown
    for (const path of paths) {
      const filled = this.#places.get(pathText(path))?.filled
      const typed = filled === undefined ? undefined : typedValue(filled)
      if (typed !== undefined) value = replaced(value ?? this.value, path, typed)
    }
    return value
  }

  /** What the schema found, without what a variable may hold, and without what follows from one that is not set. */
  shown(found: readonly Finding[]): Finding[] {
    return found.flatMap((one) => {
      const at = pathText(one.path)
      if (this.#unset.has(at)) return []
      const place = this.#places.get(at)
      return place && one.part === 'value' ? [this.#without(one, place)] : [one]
    })
  }

  #without(one: Finding, { written, filled, names }: Place): Finding {
    let predicate = one.predicate.replaceAll(show(filled), show(written))
    for (const name of names) {
      const value = this.#env[name] ?? ''
      // What is shorter is no secret, and may be part of any word.
      if (value.length >= 4) predicate = withoutText(predicate, value, `$${name}`)
    }
    return { ...one, predicate, fix: `look at what ${names.join(' and ')} holds` }
  }

  #copy(value: unknown, path: Path): unknown {
    if (++this.#values > mostValues || path.length > mostDepth) return value
    if (typeof value === 'string') return this.#fill(value, path)
    if (Array.isArray(value)) return value.map((item, index) => this.#copy(item, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.#copy(item, [...path, key])]),
    )
  }

  #fill(text: string, path: Path): string {
    if (!text.includes('$') || isLeft(path) || this.#added > maxFileBytes) return text
    const filled = fillIn(text, this.#env)
    const wrong =
      filled instanceof Wrong ? filled : filled.missing.length > 0 ? notSet(filled.missing) : undefined
    if (wrong) this.#report(path, wrong)
    if (filled instanceof Wrong) return text
    this.#added += filled.text.length
    if (filled.names.length > 0)
      this.#places.set(pathText(path), { written: text, filled: filled.text, names: filled.names })
    return filled.text
  }

  #report(path: Path, { message, fix }: Wrong): void {
    this.#unset.add(pathText(path))
    this.findings.push({ path, part: 'value', predicate: message, whole: false, ...(fix && { fix }) })
  }
}

function withoutText(text: string, secret: string, by: string): string {
  const [lower, wanted] = [text.toLowerCase(), secret.toLowerCase()]
  let [result, from] = ['', 0]
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    result += text.slice(from, at) + by
    from = at + wanted.length
  }
  return result + text.slice(from)
}

function typedValue(text: string): number | boolean | undefined {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  return text === 'true' || text === 'false' ? text === 'true' : undefined
}

/** A copy of what `path` leads through, with another value at its end. */
export function replaced(value: unknown, [step, ...rest]: Path, by: unknown): unknown {
  if (step === undefined) return by
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<PropertyKey, unknown>
  copy[step] = replaced(copy[step], rest, by)
  return copy
}
