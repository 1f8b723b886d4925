import { closest, distance } from 'fastest-levenshtein'

/** One thing wrong with a configuration, ready for {@link formatProblem} or for an editor. */
export interface ConfigProblem {
  /** A `warning` leaves the configuration usable; an `error` does not. */
  level: 'error' | 'warning'
  /** The file as the caller named it. Absent for a problem with a flag. */
  file?: string
  /** Line number, counted from 1. Absent when the file as a whole is at fault: missing, not readable, too large. */
  line?: number
  /** Column number, counted from 1, in UTF-16 code units. */
  column?: number
  /** The command-line flag at fault, such as `--listen`; then there is no file. */
  flag?: string
  /** Where in the configuration: `routes[0].upstreams[1].url`; `''` for the whole of it. */
  path: string
  /** What is wrong, in one line, with the value shown unless it is a secret. */
  message: string
  /** What to do about it, where there is an obvious thing to do. */
  fix?: string
}

/**
 * Writes a problem as one line:
 * `holdfast.yaml:12:7: unknown key 'upstream' in routes[0]; did you mean 'upstreams'?`
 */
export function formatProblem(problem: ConfigProblem): string {
  const { file, line, column, flag, level, message, fix } = problem
  const where = flag ?? [file, line, column].filter((part) => part !== undefined).join(':')
  // Whole: a file's name and a fix can have what the file has, too.
  return printable(
    `${where && `${where}: `}${level === 'warning' ? 'warning: ' : ''}${message}${fix ? `; ${fix}` : ''}`,
  )
}

/** What is wrong with a value, said so that it reads on after the key: 'must be a whole number'. */
export class Wrong {
  readonly message: string
  readonly fix: string | undefined

  constructor(message: string, fix?: string) {
    this.message = message
    this.fix = fix
  }
}

/**
 * A fix: 'write A or B', of those texts that `read` takes. What it would refuse, or read as something else that is
 * wrong, must not be proposed.
 */
export function proposal(read: (text: string) => unknown, ...texts: string[]): string | undefined {
  const taken = texts.filter((text) => !(read(text) instanceof Wrong))
  return taken.length > 0 ? `write ${listed(taken)}` : undefined
}

/**
 * A fix less the texts in it that `read` does not take: who proposed them knew one value, and not what stands beside it.
 * Undefined when none is left; any other fix stays as it is.
 */
export function takenOf(fix: string, read: (text: string) => unknown): string | undefined {
  const meant = /^did you mean '(.*)'\?$/.exec(fix)?.[1]
  if (meant !== undefined) return read(meant) instanceof Wrong ? undefined : fix
  const written = /^write (\S+?)(?: or (\S+))?$/.exec(fix)?.slice(1)
  return written ? proposal(read, ...written.filter((text) => text !== undefined)) : fix
}

export type Path = readonly PropertyKey[]

/** Writes a path as in JavaScript: `routes[0].upstreams[1].url`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    const name = String(key)
    if (!/^[\w$-]{1,60}$/.test(name)) return `${text}[${show(name)}]`
    return text ? `${text}.${name}` : name
  }, '')
}

/** What the schema found, in words, without its place in the file. */
export interface Finding {
  path: Path
  /** Which part of the pair at `path` is at fault. */
  part: 'key' | 'value'
  /** The message without its subject: 'must be true or false, not 3'. */
  predicate: string
  /** Whether the predicate can stand alone: "unknown key 'upstream' in routes[0]". */
  whole: boolean
  fix?: string
}

const mostShown = 60

/** Shows a value from a configuration in a message: short, on one line, without control characters. */
export function show(value: unknown): string {
  if (typeof value === 'string') {
    return `'${printable(value.length > mostShown ? `${value.slice(0, mostShown)}…` : value)}'`
  }
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'a mapping' : String(value)
}

/** Escapes what would break a line or steer a terminal. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`,
  )
}

/** The one of `known` that was probably meant by `word`, if any is near enough. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > mostShown || known.length === 0) return undefined
  const best = closest(word.toLowerCase(), [...known])
  const near = known.find((name) => name.toLowerCase() === word.toLowerCase()) ?? best
  return distance(word.toLowerCase(), near.toLowerCase()) <= Math.max(1, Math.floor(near.length / 3))
    ? near
    : undefined
}

/** 'did you mean …', or the choices when none is near. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === undefined ? `use ${listed(known)}` : `did you mean '${near}'?`
}

/** `a, b or c` */
export function listed(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}
