import { createRequire } from 'node:module'
import { type Logger, pino } from 'pino'
import type * as pinoPretty from 'pino-pretty'
import { standardErrorWriter } from './log-writer.ts'

/** The levels of the log, the most talkative first. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
/** The least level that is logged. */
export type LogLevel = (typeof logLevels)[number]

/** How a process logs. Plain data: the supervisor hands it to its workers, so that all lines look alike. */
export interface LogOptions {
  /** The least level that is logged; 'silent' logs nothing. */
  level: LogLevel
  /** Whether an event is one readable line, where `pino-pretty` is installed; else it is one line of JSON. */
  pretty: boolean
  /** Whether readable lines have colours. Only looked at when `pretty`. */
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

/** A logger to standard error. A line is out when the call returns, or was dropped: nothing waits (log-writer.ts). */
export function createLogger(options: LogOptions): Logger {
  const base = {
    level: options.level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
  }
  const readable = (options.pretty && readableLines(options)) || ((line: string) => line)
  const writer = standardErrorWriter((lines) => {
    let report = ''
    const reporter = pino(
      { ...base, level: 'warn' },
      {
        write: (line) => {
          report = readable(line)
        },
      },
    )
    reporter.warn({ pid: process.pid, lines }, 'lines of the log were dropped: they could not be written')
    return report
  })
  return pino(base, { write: (line) => writer.write(readable(line)) })
}

const require = createRequire(import.meta.url)

/** For a terminal: undefined without `pino-pretty`, which the command line brings and a gateway in a program need not have. */
function readableLines({ colour }: LogOptions): ((line: string) => string) | undefined {
  try {
    const { prettyFactory } = require('pino-pretty') as typeof pinoPretty
    return prettyFactory({ colorize: colour, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}
