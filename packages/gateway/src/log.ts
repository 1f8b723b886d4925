import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

/** The levels of the log, the most talkative first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
/** The least level that is logged. */
export type LogLevel = (typeof logLevels)[number]

/** How a process logs. Plain data: the supervisor hands it to its workers, so that all lines look alike. */
export interface LogOptions {
  level: LogLevel
  /** One readable line per event instead of JSON. */
  pretty: boolean
  /** Colours; only looked at when `pretty`. */
  colour: boolean
}

/** What suits standard error: readable on a terminal, JSON otherwise; no colours when `NO_COLOR` is set. */
export function logOptionsFor(
  stream: { isTTY?: boolean },
  env: Record<string, string | undefined>,
  level: LogLevel = 'info',
): LogOptions {
  const terminal = stream.isTTY === true
  // https://no-color.org: present and not an empty string, whatever its value.
  return { level, pretty: terminal, colour: terminal && !env.NO_COLOR }
}

/**
 * A logger to standard error. It writes synchronously: a line is out before the process can end, and lines of
 * several processes do not mix.
 */
export function createLogger(options: LogOptions): Logger {
  const base = {
    level: options.level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  }
  if (!options.pretty) return pino(base, pino.destination({ dest: 2, sync: true }))
  const stream = pretty({
    colorize: options.colour,
    destination: 2,
    sync: true,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
  })
  return pino(base, stream)
}
