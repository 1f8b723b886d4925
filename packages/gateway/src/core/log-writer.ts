// Lines to standard error, and of the access log. Nothing ever waits for whoever reads them: what finds no room is dropped and counted.
import { constants, fstatSync, openSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** Bytes of lines that may wait for room; a line that would exceed them is dropped. */
const maxWaitingBytes = 256 * 1024
/** Milliseconds between two looks whether there is room again. */
const retryEveryMs = 50
/** Milliseconds that the end of the process waits for room at most. */
const flushWithinMs = 200

export interface LineWriterDeps {
  /** Writes at once what there is room for, and returns how much that was; throws a system error otherwise. */
  write: (bytes: Buffer) => number
  /** The line that says how many were dropped; undefined: it is said elsewhere. */
  report: (lines: number) => string | undefined
  /** Calls back later; the process need not live for it. */
  later: (callback: () => void, ms: number) => void
}

interface Line {
  bytes: Buffer
  /** A part of it is out: the rest has to follow. */
  begun: boolean
  /** It says how many lines were dropped. */
  reports: number
}

/** Writes whole lines in order, as far as there is room. */
export class LineWriter {
  readonly #deps: LineWriterDeps
  readonly #waiting: Line[] = []
  #waitingBytes = 0
  #dropped = 0
  /** Dropped, and not reported yet. */
  #unreported = 0
  #retries = false

  constructor(deps: LineWriterDeps) {
    this.#deps = deps
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    return this.#dropped
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Never waits, never throws. `line` ends with a line feed. */
  write(line: string): void {
    this.#reportDropped()
    if (!this.#add(line, 0)) {
      this.#dropped++
      this.#unreported++
    }
    if (!this.#retries) this.pump()
  }

  /** Writes what waits, as far as there is room now. */
  pump(): void {
    for (let line = this.#waiting[0]; line; line = this.#waiting[0]) {
      try {
        const written = this.#deps.write(line.bytes)
        if (written === 0) return this.#retryLater()
        this.#waitingBytes -= written
        line.bytes = line.bytes.subarray(written)
        line.begun = true
        if (line.bytes.length > 0) continue
        this.#waiting.shift()
        if (this.#waiting.length === 0) this.#reportDropped()
      } catch (error) {
        // The rest of a line waits for room on a full disk, too, so that the next one does not end up in it.
        if (line.begun || isFull(error)) return this.#retryLater()
        this.#drop(line)
      }
    }
  }

  /** `write` leads elsewhere from now on, where the rest of a line that has begun would mean nothing. */
  moved(): void {
    const [first] = this.#waiting
    if (first?.begun) this.#drop(first)
    this.pump()
  }

  #add(text: string, reports: number): boolean {
    const bytes = Buffer.from(text)
    if (this.#waitingBytes + bytes.length > maxWaitingBytes) return false
    this.#waitingBytes += bytes.length
    this.#waiting.push({ bytes, begun: false, reports })
    return true
  }

  #drop({ bytes, reports }: Line): void {
    this.#waiting.shift()
    this.#waitingBytes -= bytes.length
    if (reports === 0) this.#dropped++
    this.#unreported += reports || 1
  }

  #reportDropped(): void {
    if (this.#unreported === 0) return
    const line = this.#deps.report(this.#unreported)
    if (line === undefined || this.#add(line, this.#unreported)) this.#unreported = 0
  }

  #retryLater(): void {
    if (this.#retries) return
    this.#retries = true
    this.#deps.later(() => {
      this.#retries = false
      this.pump()
    }, retryEveryMs)
  }
}

/** A pipe, socket or terminal without room. */
function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EAGAIN' || code === 'EWOULDBLOCK'
}

let standardError: LineWriter | undefined

/** The one writer of this process to standard error. `report` is the first caller's. */
export function standardErrorWriter(report: LineWriterDeps['report']): LineWriter {
  if (standardError) return standardError
  const descriptor = withoutWaiting(2)
  const writer = new LineWriter({
    write: (bytes) => writeSync(descriptor, bytes),
    report,
    later: (callback, ms) => void setTimeout(callback, ms).unref(),
  })
  process.on('exit', () => flush(writer))
  standardError = writer
  return writer
}

/** Lines that this process dropped. */
export function logLinesDropped(): number {
  return standardError?.dropped ?? 0
}

/**
 * A descriptor for what `fd` leads to on which a write does not wait. Whether one waits is a property of the open file,
 * which other processes share: a shell, and every worker. So pipes and terminals are opened once more. What cannot be
 * (a socket, or no /proc) stays shared; Node and Bun take the waiting from it when `process.stderr` is first looked at.
 */
export function withoutWaiting(fd: 1 | 2): number {
  try {
    void (fd === 1 ? process.stdout : process.stderr)
    if (!fstatSync(fd).isFIFO() && !isatty(fd)) return fd
    const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY)
  } catch {
    return fd
  }
}

/** The last chance of what still waits. */
export function flush(writer: LineWriter): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4))
  const until = performance.now() + flushWithinMs
  for (;;) {
    writer.pump()
    if (writer.isEmpty || performance.now() >= until) return
    Atomics.wait(sleeper, 0, 0, 5)
  }
}
