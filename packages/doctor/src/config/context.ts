import { type ArgsOf, type Finding, type FindingCode, finding, type Level } from '../findings.ts'

/** A file of a configuration: its path as it is shown in findings, and its text. */
export interface ConfigFile {
  /** Its path as findings show it. The name tells the kind where the content does not. */
  path: string
  /** Its content. More than 4 MiB is a problem, and not read. */
  text: string
}

/** Something that kept the reader from understanding a part of a configuration. */
export interface ConfigProblem {
  /** The path of the file, as it was given. */
  file: string
  /** Line number, counted from 1. */
  line: number
  /** What could not be read, and why, in one line. */
  message: string
}

/**
 * Finds the files that a configuration includes: the path may hold `*`, `?` and `[...]`. An empty list says that
 * there are none.
 */
export type ReadFiles = (path: string) => readonly ConfigFile[]

/** A place in a configuration. */
export interface Place {
  file: string
  /** Counted from 1. */
  line: number
  /** Set where lines to write are TOML. */
  toml?: true
}

/** Thrown by the readers' parsers, and turned into a problem by `guard`. */
export class ConfigError extends Error {
  readonly place: Place
  constructor(place: Place, message: string) {
    super(message)
    this.place = place
  }
}

/** Where the readers put what they find. */
export class Report {
  readonly findings: Finding[] = []
  readonly problems: ConfigProblem[] = []
  readonly unread: ConfigProblem[] = []
  readonly #seen = new Set<string>()

  /** Reports a finding; the same one at the same place only once. */
  found<Code extends FindingCode>(code: Code, args: ArgsOf<Code>, place: Place, level?: Level): void {
    const where = { file: place.file, line: place.line }
    const key = JSON.stringify([code, where])
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.findings.push(finding(code, args, where, level))
  }

  /** Reports what could not be read; the same at the same place only once. */
  problem(place: Place, message: string): void {
    this.#note(this.problems, place, message)
  }

  /** Reports what this reader does not look at, or not understand: it is no fault, and nothing is said about it. */
  notRead(place: Place, message: string): void {
    this.#note(this.unread, place, message)
  }

  #note(list: ConfigProblem[], place: Place, message: string): void {
    const key = JSON.stringify([place.file, place.line, message])
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    list.push({ file: place.file, line: place.line, message })
  }

  /** Runs a parser; what it cannot read becomes a problem, and undefined is returned. */
  guard<Result>(parse: () => Result): Result | undefined {
    try {
      return parse()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      this.problem(error.place, error.message)
      return undefined
    }
  }
}

/** Deeper than any configuration that a person wrote, and far from what exhausts the stack. */
export const maxDepth = 100

/** Files of one configuration, includes counted each time. */
export const maxFiles = 1000
