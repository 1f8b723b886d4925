import { maxRetry } from '@holdfast/close-codes'
import { type Clock, systemClock } from './clock.ts'
import { type Duration, milliseconds } from './duration.ts'

/** How a server restarts. Every option has a default. */
export interface RestartOptions<Socket = unknown> {
  /**
   * Time over which the closes are spread evenly; 0 closes all at once. At most `deadline`.
   *
   * @default '5s'
   */
  spread?: Duration
  /**
   * Time from the start after which what is left is cut: connections and requests. Keep it below the time after which
   * whoever sent the signal kills: 10 s with `docker stop`, 30 s in Kubernetes.
   *
   * @default '30s'
   */
  deadline?: Duration
  /**
   * The least and the greatest delay that a client is told in `retry=` of the reason of its Close; at most a day.
   *
   * @default ['1s', '5s']
   */
  retry?: readonly [least: Duration, greatest: Duration]
  /**
   * Signals that begin the restart. A second one ends the process at once, with status 128 + its number.
   *
   * @default ['SIGTERM']
   */
  signals?: readonly NodeJS.Signals[]
  /**
   * Requests that do not ask for a WebSocket, once a restart has begun: `'refuse'` answers them with 503, `'serve'`
   * goes on serving them, one per connection, until the listeners close. On Bun only `'refuse'`.
   *
   * @default 'refuse'
   */
  requests?: 'refuse' | 'serve'
  /**
   * Called for each connection just before its Close, after everything that its client had sent was read: the time to
   * send what is still owed. Awaited for `onDrainTimeout`. What it throws is logged, and the Close is sent.
   *
   * @default nothing is called
   */
  onDrain?: ((socket: Socket) => unknown) | undefined
  /**
   * Time that `onDrain` may take for one connection.
   *
   * @default '5s'
   */
  onDrainTimeout?: Duration
  /**
   * Time to wait for the Pong that answers the drain ping; then the Close is sent without it.
   *
   * @default '1s'
   */
  pongTimeout?: Duration
  /**
   * Whether to call `process.exit(0)` at the end. Without it the process ends when nothing else keeps it alive.
   *
   * @default false
   */
  exit?: boolean
  /**
   * Gets one line for each phase, for what went wrong, and for a shell that keeps signals away. What it throws is ignored.
   *
   * @default nothing is logged
   */
  log?: ((line: string) => void) | undefined
  /**
   * Time and timers, for tests that turn the clock by hand.
   *
   * @default performance.now and the global timers
   */
  clock?: Clock
  /**
   * Random numbers from 0 up to but not including 1; they spread the closes and the delays.
   *
   * @default Math.random
   */
  random?: () => number
}

/** The options, checked and in milliseconds. */
export interface Settings {
  spread: number
  deadline: number
  retry: readonly [least: number, greatest: number]
  signals: readonly NodeJS.Signals[]
  requests: 'refuse' | 'serve'
  onDrain: ((socket: never) => unknown) | undefined
  onDrainTimeout: number
  pongTimeout: number
  exit: boolean
  log: (line: string) => void
  clock: Clock
  random: () => number
}

/** What holds for options that are not given. */
export const defaults = {
  spread: '5s',
  deadline: '30s',
  retry: ['1s', '5s'],
  signals: ['SIGTERM'],
  requests: 'refuse',
  onDrainTimeout: '5s',
  pongTimeout: '1s',
  exit: false,
} as const satisfies RestartOptions

/** Fills in the defaults. Throws a RangeError for a value that makes no sense. */
export function settingsOf(options: RestartOptions<never>): Settings {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const all: RestartOptions<never> & typeof defaults = { ...defaults, ...given }
  const settings: Settings = {
    spread: milliseconds(all.spread, 'spread'),
    deadline: milliseconds(all.deadline, 'deadline'),
    retry: [milliseconds(all.retry[0], 'retry'), milliseconds(all.retry[1], 'retry')],
    signals: all.signals,
    requests: all.requests,
    onDrain: all.onDrain,
    onDrainTimeout: milliseconds(all.onDrainTimeout, 'onDrainTimeout'),
    pongTimeout: milliseconds(all.pongTimeout, 'pongTimeout'),
    exit: all.exit,
    log: safe(all.log ?? (() => {})),
    clock: all.clock ?? systemClock,
    random: all.random ?? Math.random,
  }
  check(settings)
  return settings
}

function check({ spread, deadline, retry: [least, greatest], requests }: Settings): void {
  if (spread > deadline) {
    throw new RangeError(`spread is ${spread} ms, longer than deadline, ${deadline} ms; shorten it`)
  }
  if (least > greatest || greatest > maxRetry) {
    throw new RangeError(
      `retry is ${least} to ${greatest} ms; write the smaller first and at most ${maxRetry} ms, a day`,
    )
  }
  if (requests !== 'refuse' && requests !== 'serve') {
    throw new RangeError(`requests is ${JSON.stringify(requests)}; write 'refuse' or 'serve'`)
  }
}

function safe(log: (line: string) => void): (line: string) => void {
  return (line) => {
    try {
      log(line)
    } catch {
      // A log that fails must not stop a restart, and there is nowhere left to say so.
    }
  }
}
