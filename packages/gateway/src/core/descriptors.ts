// The limit of open files. At it the system refuses what a process needs most: libuv then closes clients without a word,
// and dials fail. So the last descriptors are not for clients: who comes then is closed, counted, and seen.
import { readFileSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Logger } from 'pino'
import type { GatewayOptions } from './options.ts'
import type { SocketRefusal } from './snapshot.ts'

/** A descriptor's number is how many are in use at least: the system gives the lowest that is free. */
interface Taken {
  fd?: number
  _handle?: { fd?: number } | null
  destroy(): unknown
}

type Shortage = Exclude<SocketRefusal, 'pending'>

/** The line of the log about it. */
export const shortageLine =
  'clients or dials failed: the limit of open files is reached; raise it (ulimit -n, or LimitNOFILE= with systemd)'

/** Milliseconds for which `readyz` says so after a client had to be turned away. */
const shortMs = 10_000

/** Files that one process may have open, as its system says; undefined where it does not. */
export function descriptorLimit(): number | undefined {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return limit === undefined ? undefined : Number(limit)
  } catch {
    return undefined
  }
}

/** Descriptors of a worker without a connection: its program, its log, its channel, its listeners. */
const ownFiles = 64

/** How many of them are kept for upstreams, files and what the processes say to each other. */
export function reserveOf(limit: number): number {
  return Math.min(256, Math.max(16, Math.floor(limit / 16)))
}

/** How many files of this process may be sockets of clients and upstreams; undefined where the system sets no limit. */
export function filesForClients(limit = descriptorLimit()): number | undefined {
  return limit === undefined ? undefined : Math.max(2, limit - reserveOf(limit) - ownFiles)
}

export class Descriptors {
  readonly #most: number
  readonly #onShort: (why: Shortage) => void
  #shortAt = Number.NEGATIVE_INFINITY

  /** `onShort` is called for each client that is turned away, and each dial that could not be made. */
  constructor(onShort: (why: Shortage) => void, limit = descriptorLimit()) {
    this.#most = limit === undefined ? Number.POSITIVE_INFINITY : limit - reserveOf(limit)
    this.#onShort = onShort
  }

  /** Whether an accepted socket may stay; one that may not is closed. */
  admits(socket: Taken): boolean {
    const { fd = socket._handle?.fd ?? -1 } = socket
    if (fd < this.#most) return true
    if (socket instanceof Socket) socket.on('error', () => {})
    socket.destroy()
    this.ranShort('descriptors')
    return false
  }

  /** The system itself had none left. */
  ranShort(why: Shortage): void {
    this.#shortAt = performance.now()
    this.#onShort(why)
  }

  /** Whether it was so a moment ago. */
  get isShort(): boolean {
    return performance.now() - this.#shortAt < shortMs
  }
}

/** The code of an error by which the system says that this process, or all of them, have too many open files. */
export function isShortage(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return code === 'EMFILE' || code === 'ENFILE'
}

/** Connections of one worker under which the limit is low, whatever it is for. */
const fewConnections = 2_000

/** Says at the start when the limit of open files is lower than what the limits of the routes allow. */
export function warnOfLowLimit(
  { routes }: GatewayOptions,
  workers: number,
  log: Pick<Logger, 'warn'>,
  openFiles = descriptorLimit(),
): void {
  if (openFiles === undefined) return
  // Each connection is two sockets, one of them to its upstream.
  const enoughFor = workers * Math.max(0, Math.floor((openFiles - reserveOf(openFiles) - ownFiles) / 2))
  const allowed = routes.reduce(
    (sum, { limits }) => sum + (limits.connections ?? Number.POSITIVE_INFINITY),
    0,
  )
  if (enoughFor >= Math.min(allowed, workers * fewConnections)) {
    if (allowed === Number.POSITIVE_INFINITY || enoughFor >= allowed) return
  }
  log.warn(
    { openFiles, enoughFor, ...(Number.isFinite(allowed) && { allowed }) },
    'the limit of open files is low: raise it (ulimit -n, or LimitNOFILE= with systemd), or lower limits.connections',
  )
}
