// The access log: one line for each connection at its end, and for each request that became none. Each worker writes for
// itself, at the end of the file that all of them have open (docs/decisions/0050).
import { closeSync, constants, openSync, statSync, writeSync } from 'node:fs'
import type { Logger } from 'pino'
import { type AccessEntry, accessLine } from './access-line.ts'
import { GatewayError } from './errors.ts'
import { flush, LineWriter, withoutWaiting } from './log-writer.ts'
import { maskedNames } from './mask.ts'
import type { AccessLogOptions } from './options.ts'
import { ThrottledLine } from './throttled-line.ts'

interface Place {
  descriptor: number
  /** Whether it is this log's to close. */
  own: boolean
}

/** Never waits for whoever reads it: what finds no room is dropped and counted. */
export class AccessLog {
  readonly #log: Pick<Logger, 'warn' | 'error'>
  readonly #saysDropped = new ThrottledLine(() =>
    this.#log.warn(
      { lines: this.dropped, access: this.#options?.access },
      'lines of the access log were dropped: they could not be written',
    ),
  )
  readonly #writer = new LineWriter({
    write: (bytes) => (this.#place ? writeSync(this.#place.descriptor, bytes) : bytes.length),
    report: () => void this.#saysDropped.happened(),
    later: (callback, ms) => void setTimeout(callback, ms).unref(),
  })
  #options: AccessLogOptions | undefined
  #names = maskedNames([])
  #place: Place | undefined
  #flushes = false

  constructor(log: Pick<Logger, 'warn' | 'error'>) {
    this.#log = log
  }

  /** Whether anybody reads what is written. */
  get isOn(): boolean {
    return this.#place !== undefined
  }

  /** Lines that could not be written, since the start. */
  get dropped(): number {
    return this.#writer.dropped
  }

  /**
   * Writes there from now on; a file of the same name is opened again, because it may have been moved away.
   *
   * @throws {GatewayError} It cannot be opened; what was before goes on.
   */
  configure(options: AccessLogOptions | undefined): void {
    const place = open(options)
    this.#options = options
    this.#names = maskedNames(options?.mask ?? [])
    this.#move(place)
  }

  /** Opens the file again, after it was moved away. Where that fails the old one goes on, and the log says so. */
  reopen(): void {
    if (!this.#place) return
    try {
      this.#move(open(this.#options))
    } catch (error) {
      this.#log.error({ error: (error as Error).message }, 'the access log could not be opened again')
    }
  }

  /** Never waits, never throws. */
  write(entry: AccessEntry): void {
    if (!this.#place || !this.#options) return
    this.#writer.write(accessLine(entry, this.#options.format, this.#names))
  }

  #move(place: Place | undefined): void {
    const before = this.#place
    this.#place = place
    this.#writer.moved()
    if (before?.own) closeSync(before.descriptor)
    if (this.#flushes || !place) return
    this.#flushes = true
    process.on('exit', () => flush(this.#writer))
  }
}

/** @throws {GatewayError} It cannot be written to. */
export function tryAccessLog(options: AccessLogOptions | undefined): void {
  const place = open(options)
  if (place?.own) closeSync(place.descriptor)
}

function open(options: AccessLogOptions | undefined): Place | undefined {
  if (!options) return undefined
  const { access } = options
  if (access === 'stdout') {
    const descriptor = withoutWaiting(1)
    return { descriptor, own: descriptor !== 1 }
  }
  try {
    return { descriptor: openFile(access.file), own: true }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new GatewayError(
      'cannot_log',
      'gateway',
      `the access log cannot be written to ${access.file} (${code}): have its folder, and the right to write there`,
    )
  }
}

/** It holds addresses of clients, so that not everybody may read it. */
const fileMode = 0o640

function openFile(path: string): number {
  const { O_WRONLY, O_RDWR, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants
  const how = O_APPEND | O_NONBLOCK | O_NOCTTY
  try {
    return openSync(path, O_WRONLY | O_CREAT | how, fileMode)
  } catch (error) {
    // A named pipe that nobody reads yet.
    const waits = (error as NodeJS.ErrnoException).code === 'ENXIO' && statSync(path).isFIFO()
    if (!waits) throw error
    return openSync(path, O_RDWR | how)
  }
}
