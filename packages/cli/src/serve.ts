// `holdfast serve`: from flags and a file to a running gateway that obeys signals.
import {
  type ConfigResult,
  createLogger,
  formatProblem,
  GatewayError,
  type GatewayOptions,
  type LoadResult,
  type LogLevel,
  loadConfigFile,
  logOptionsFor,
  optionsFromFlags,
  Predecessor,
  Supervisor,
} from '@holdfast/gateway'
import { configFileHere } from './config-file-here.ts'
import { onFault } from './last-line.ts'
import { obeySignals } from './obey-signals.ts'
import { Failure, type Io } from './output.ts'
import { type PidFile, writePidFile } from './pid-file.ts'
import { Place, startedBySupervisor } from './place.ts'
import { sayReady } from './service-manager.ts'
import { version } from './version.ts'
import { workerProgram } from './worker-program.ts'

type Log = ReturnType<typeof createLogger>

export interface ServeFlags {
  /** The one in the working directory when it is absent, and so is `upstream`. */
  config?: string
  pidFile?: string
  listen?: string
  upstream?: string[]
  admin?: string
  workers?: string
  logLevel: LogLevel
}

/** Runs a gateway until it has been drained. */
export async function serve(given: ServeFlags, io: Io): Promise<void> {
  const flags = withFileHere(given)
  const logging = logOptionsFor(io.stderr, io.env, flags.logLevel)
  const log = createLogger(logging)
  const load = async (): Promise<LoadResult> => {
    const result = await readOptions(flags)
    if (!result.ok) return { ok: false, problems: result.problems.map(formatProblem) }
    for (const warning of result.warnings) log.warn(formatProblem(warning))
    return { ok: true, options: result.options }
  }
  const predecessor = await supervisorBefore()
  const options = predecessor?.state.options ?? (await optionsOf(load))
  const place = new Place(() => {
    log.error('the process in front of this gateway has ended: draining')
    supervisor.drain().catch(() => {})
  })
  const supervisor = new Supervisor({
    options,
    load,
    logging,
    version,
    workerProgram,
    predecessor,
    startSuccessor: (descriptors) => place.startSuccessor(descriptors),
  })
  if (flags.config !== given.config) log.info(`the configuration is ${flags.config}`)
  const forget = obeySignals(supervisor, log, place)
  try {
    await (predecessor ? supervisor.succeed() : supervisor.start())
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    throw new Failure(error.code === 'cannot_listen' ? 2 : 1, error.message)
  }
  // It carries no bytes, and its end would be that of every connection: what it does has limits in time, and goes on.
  onFault((err) => log.fatal({ err }, 'fault in the supervisor; it goes on'))
  const pidFile = pidFileOf(flags, predecessor ? log : supervisor)
  place.take()
  if (supervisor.unready() === undefined) io.stdout.write(startupLine(supervisor))
  if (!predecessor) void sayReady(io.env)
  const ended = supervisor.finished.then(() => undefined)
  const successor = await Promise.race([ended, supervisor.replaced])
  // The terminal and the shell of before are watched on behalf of the next one.
  if (successor !== undefined) return place.leave(successor, supervisor.released, log, io.env)
  forget()
  pidFile?.remove()
}

async function optionsOf(load: () => Promise<LoadResult>): Promise<GatewayOptions> {
  const loaded = await load()
  if (!loaded.ok) throw new Failure(2, loaded.problems)
  return loaded.options
}

/** The supervisor that has started this process to take its place, if one has. */
async function supervisorBefore(): Promise<Predecessor | undefined> {
  if (!startedBySupervisor()) return undefined
  try {
    return await Predecessor.find()
  } catch (error) {
    throw new Failure(1, (error as Error).message)
  }
}

/** Only now: one that cannot start must not take the file of the one that runs. */
function pidFileOf({ pidFile }: ServeFlags, otherwise: Supervisor | Log): PidFile | undefined {
  if (pidFile === undefined) return undefined
  try {
    return writePidFile(pidFile)
  } catch (error) {
    if (otherwise instanceof Supervisor) {
      otherwise.kill()
      throw error
    }
    // It has everybody's connections already.
    otherwise.error((error as Error).message)
    return undefined
  }
}

/** `-c` of a file in the working directory, unless the flags name a file or say all there is to say. */
function withFileHere(flags: ServeFlags): ServeFlags {
  if (flags.config !== undefined || flags.upstream !== undefined) return flags
  return { ...flags, config: configFileHere() }
}

async function readOptions({ config, listen, upstream, admin, workers }: ServeFlags): Promise<ConfigResult> {
  const file = config === undefined ? undefined : await loadConfigFile(config)
  if (file && !file.ok) return file
  const result = optionsFromFlags({ listen, upstreams: upstream, admin, workers }, file?.options)
  return result.ok && file ? { ...result, warnings: [...file.warnings, ...result.warnings] } : result
}

function startupLine({ listenUrls, adminUrl }: Supervisor): string {
  const admin = adminUrl ? ` (admin ${adminUrl})` : ''
  return `holdfast listening on ${listenUrls.join(', ')}${admin} (pid ${process.pid})\n`
}
