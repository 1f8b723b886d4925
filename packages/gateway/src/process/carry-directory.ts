// Where old workers have the sockets to what they carry: a directory of this supervisor's alone.
import { lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { socketName } from '../worker/index.ts'
import { sessionFolder } from './session-folder.ts'

/** Bytes that the path of a Unix domain socket may have: `sun_path` less its last NUL. Longer ones are cut, or refused. */
const longestPath = process.platform === 'linux' ? 107 : 103
const prefix = 'holdfast-'
/** Of such a directory, or of one for sessions (session-folder.ts). */
const ownName = /^holdfast-(\d+)-\w{6,16}$/
/** As long as a process id gets. */
const longestPid = 4_194_304

/** The parent of that directory: that of the service under systemd, else the system's for temporary files. */
function parent(): string {
  return process.env.RUNTIME_DIRECTORY?.split(':')[0] || os.tmpdir()
}

/** Why no directory there could be used, in words; undefined when one can. */
export function whyNotCarry(base: string = parent()): string | undefined {
  const longest = join(base, `${prefix}${longestPid}-XXXXXX`, socketName(longestPid))
  const length = Buffer.byteLength(longest)
  return length > longestPath
    ? `sockets in ${base} would have paths of ${length} bytes, and ${longestPath} are possible: set TMPDIR to a shorter one`
    : undefined
}

export class CarryDirectory {
  readonly #base: string
  #path: string | undefined

  constructor(base: string = parent()) {
    this.#base = base
  }

  /** Removes what supervisors left that were killed, here and where sessions are found. */
  removeStale(): void {
    for (const base of new Set([this.#base, os.tmpdir()])) {
      for (const name of namesIn(base)) {
        const pid = Number(ownName.exec(name)?.[1])
        const path = join(base, name)
        if (pid && path !== this.#path && path !== sessionFolder && isOurs(path) && !isAlive(pid))
          remove(path)
      }
    }
  }

  /**
   * Its path; it is made at the first call, with mode 0700.
   *
   * @throws {Error} It cannot be made.
   */
  open(): string {
    const problem = whyNotCarry(this.#base)
    if (problem) throw new Error(problem)
    if (this.#path && isOurs(this.#path)) return this.#path
    this.#path = mkdtempSync(join(this.#base, `${prefix}${process.pid}-`))
    if (!isOurs(this.#path)) throw new Error(`${this.#path} can be entered by others`)
    return this.#path
  }

  remove(): void {
    if (this.#path) remove(this.#path)
    this.#path = undefined
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** A directory, no link to one, of this user, that nobody else may enter. */
function isOurs(path: string): boolean {
  try {
    const { uid, mode } = lstatSync(path)
    return statSync(path).isDirectory() && uid === process.getuid?.() && (mode & 0o77) === 0
  } catch {
    return false
  }
}

/** This process has just started: a directory with its own id is of another one's that had the same. */
function isAlive(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // Whoever cleans the folder for temporary files will.
  }
}
