// `holdfast serve`: from flags and a file to a running gateway that obeys signals.
import {
  type ConfigResult,
  createLogger,
  formatProblem,
  GatewayError,
  type LoadResult,
  type LogLevel,
  loadConfigFile,
  logOptionsFor,
  optionsFromFlags,
  Supervisor,
} from '@holdfast/gateway'
import { onFault } from './last-line.ts'
import { Failure, type Io } from './output.ts'
import { version } from './version.ts'
import { workerProgram } from './worker-program.ts'

export interface ServeFlags {
  config?: string
  listen?: string
  upstream?: string[]
  admin?: string
  workers?: string
  logLevel: LogLevel
}

/** Runs a gateway until it has been drained. */
export async function serve(flags: ServeFlags, io: Io): Promise<void> {
  const logging = logOptionsFor(io.stderr, io.env, flags.logLevel)
  const log = createLogger(logging)
  const load = async (): Promise<LoadResult> => {
    const result = await readOptions(flags)
    if (!result.ok) return { ok: false, problems: result.problems.map(formatProblem) }
    for (const warning of result.warnings) log.warn(formatProblem(warning))
    return { ok: true, options: result.options }
  }
  const loaded = await load()
  if (!loaded.ok) throw new Failure(2, loaded.problems)
  const supervisor = new Supervisor({ options: loaded.options, load, logging, version, workerProgram })
  obeySignals(supervisor, log)
  try {
    await supervisor.start()
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw new Failure(error.code === 'cannot_listen' ? 2 : 1, error.message)
  }
  // It carries no bytes, and its end would be that of every connection: what it does has limits in time, and goes on.
  onFault((err) => log.fatal({ err }, 'fault in the supervisor; it goes on'))
  if (supervisor.unready() === undefined) io.stdout.write(startupLine(supervisor))
  await supervisor.finished
}

async function readOptions({ config, listen, upstream, admin, workers }: ServeFlags): Promise<ConfigResult> {
  const file = config === undefined ? undefined : await loadConfigFile(config)
  if (file && !file.ok) return file
  const result = optionsFromFlags({ listen, upstreams: upstream, admin, workers }, file?.options)
  return result.ok && file ? { ...result, warnings: [...file.warnings, ...result.warnings] } : result
}

function startupLine({ listenUrls, adminUrl }: Supervisor): string {
  return `holdfast listening on ${listenUrls.join(', ')}${adminUrl ? ` (admin ${adminUrl})` : ''}\n`
}

function obeySignals(supervisor: Supervisor, log: ReturnType<typeof createLogger>): void {
  let leaving = false
  const failed = (what: string, done: Promise<unknown>) => {
    done.catch((error: Error) => log.error({ error: error.message }, `the ${what} has failed`))
  }
  const leave = (signal: string) => {
    if (leaving) {
      // The second time: whoever asks does not want to wait.
      supervisor.kill()
      process.exit(130)
    }
    leaving = true
    log.info({ signal }, 'asked to end; once more to end at once')
    failed('drain', supervisor.drain())
  }
  process.on('SIGINT', leave)
  process.on('SIGTERM', leave)
  // Both log what came of them.
  process.on('SIGHUP', () => failed('reload', supervisor.reload()))
  process.on('SIGUSR2', () => failed('upgrade', supervisor.upgrade()))
}
