import { isUtf8 } from 'node:buffer'
import { dirname, resolve } from 'node:path'
import {
  type AccessLogOptions,
  type AdminOptions,
  type GatewayOptions,
  type ListenOptions,
  maxFileBytes,
  type RouteOptions,
  readFileLimited,
  type UnixMs,
  type UpstreamOptions,
} from '../core/index.ts'
import { checkReplayFile } from '../hold/replay/index.ts'
import { type ConfigProblem, type Path, pathText, Wrong } from './errors.ts'
import { type Finding, findings } from './issues.ts'
import { type Config, configSchema, keys, type ListenEntry, listenEntry } from './schema.ts'
import { changedValues, fieldValueFault, type UpstreamTlsEntry } from './schema-changes.ts'
import { accessFileFault, logWarnings } from './schema-log.ts'
import { TlsFiles } from './tls-files.ts'
import { bearerToken } from './units.ts'
import { warnings } from './warnings.ts'
import { readYaml, type YamlReading } from './yaml.ts'

/** Options with what is odd about them, or everything that is wrong; both in the order of the file. */
export type ConfigResult =
  | { ok: true; options: GatewayOptions; warnings: ConfigProblem[] }
  | { ok: false; problems: ConfigProblem[] }

/** What {@link parseConfig} needs from outside. */
export interface ConfigSources {
  /** The name of the configuration file: shown in problems; TLS files are found relative to its folder. */
  file: string
  /** Where `$NAME` is looked up. */
  env: Readonly<Record<string, string | undefined>>
  /** Reads a TLS file, as text where it is one. A rejection is a problem of the configuration. */
  readFile(path: string): Promise<string | Buffer>
  /** Tries a replay module, by its absolute path. A rejection says what is wrong with it. Default: not tried. */
  checkReplay?: (path: string) => Promise<void>
  /** What is wrong with the file of an access log, by its absolute path. Default: nothing is looked at. */
  checkAccessFile?: (path: string) => Promise<Wrong | undefined>
  /** Milliseconds since 1970, for the dates of certificates. Default: `Date.now`. */
  now?: () => UnixMs
}

/**
 * Reads a configuration file, the TLS files that it names and the variable that holds the admin token. Never
 * rejects: a file that is missing, too large (1 MiB), no regular file or not UTF-8 is a problem like any other. Replay
 * modules are tried in a process of their own; everything has a time limit.
 */
export async function loadConfigFile(path: string): Promise<ConfigResult> {
  const bytes = await readFileLimited(path).catch(fileWrong)
  if (bytes instanceof Wrong) return refused(path, bytes)
  if (!isUtf8(bytes)) {
    // A line feed is never part of a longer character, so the lines can be looked at one by one.
    const rows = bytes.toString('latin1').split('\n')
    const line = rows.findIndex((row) => !isUtf8(Buffer.from(row, 'latin1'))) + 1
    return refused(path, new Wrong('is not valid UTF-8', 'save it as UTF-8'), { line, column: 1 })
  }
  const sources = {
    file: path,
    env: process.env,
    readFile: readFileLimited,
    checkReplay: checkReplayFile,
    checkAccessFile: accessFileFault,
  }
  return parseConfig(bytes.toString(), sources)
}

/**
 * Turns the text of a configuration, YAML or JSON, into options, or into everything that is wrong with it, in the
 * order of the file. Never rejects, whatever the text.
 */
export async function parseConfig(text: string, sources: ConfigSources): Promise<ConfigResult> {
  if (text.length > maxFileBytes) return refused(sources.file, tooLarge)
  const yaml = readYaml(text.replace(/^\uFEFF/, ''))
  const faults = yaml.faults.map((fault): ConfigProblem => {
    const { place, path, message, fix } = fault
    return {
      level: 'error',
      file: sources.file,
      ...place,
      path: pathText(path),
      message,
      ...(fix && { fix }),
    }
  })
  if (yaml.value === undefined) return { ok: false, problems: inOrder(faults) }
  if (yaml.value === null)
    return refused(sources.file, new Wrong('is empty', 'name at least one route'), start)
  const problem = problemWriter(sources.file, yaml)
  const parsed = configSchema.safeParse(yaml.value)
  const found = parsed.success ? [] : findings(parsed.error.issues, yaml.value)
  const outside = new Outside(sources)
  const known = parsed.data ?? usable(yaml.value)
  const listen = await outside.listeners(known.listen)
  const admin = outside.admin(known.admin)
  const accessLog = await outside.accessLog(parsed.data?.log)
  const routes = await outside.routes(parsed.data?.routes ?? [])
  const problems = [...faults, ...[...found, ...outside.findings].map((one) => problem(one, 'error'))]
  if (problems.length > 0 || !parsed.success) return { ok: false, problems: inOrder(problems) }
  const options = { ...asOptions(parsed.data, listen, admin), ...(accessLog && { accessLog }), routes }
  const odd = [...warnings(options), ...logWarnings(parsed.data.log)]
  const hints = [...odd.map(({ path, wrong }) => asFinding(path, wrong)), ...outside.hints]
  return { ok: true, options, warnings: inOrder(hints.map((one) => problem(one, 'warning'))) }
}

const start = { line: 1, column: 1 }
const tooLarge = new Wrong('is larger than 1 MiB')
const notRegular = new Wrong('is not a regular file', 'name a file, not a pipe or a device')

function refused(file: string, wrong: Wrong, place?: { line: number; column: number }): ConfigResult {
  const { fix } = wrong
  const message = `the file ${wrong.message}`
  return { ok: false, problems: [{ level: 'error', file, ...place, path: '', message, ...(fix && { fix }) }] }
}

/** The parts that {@link Outside} completes, as far as they are valid in themselves, whatever else is not. */
function usable(raw: unknown): { listen: (ListenEntry | undefined)[]; admin: AdminOptions | false } {
  const { listen, admin } = (raw ?? {}) as { listen?: unknown; admin?: unknown }
  const entries = Array.isArray(listen) ? listen.map((entry) => listenEntry.safeParse(entry).data) : []
  return { listen: entries, admin: keys.admin.safeParse(admin).data ?? false }
}

function asOptions(config: Config, listen: ListenOptions[], admin: AdminOptions | false): GatewayOptions {
  const { workers, trustedProxies = [], pending, drain, upgrade, routes } = config
  return { listen, admin, workers, trustedProxies, pending, drain, upgrade, routes }
}

function problemWriter(file: string, yaml: YamlReading) {
  return ({ path, part, predicate, whole, fix }: Finding, level: ConfigProblem['level']): ConfigProblem => {
    const subject = whole ? '' : `${path.length > 0 ? pathText(path) : 'the configuration'} `
    const place = yaml.placeOf(path, part)
    return { level, file, ...place, path: pathText(path), message: subject + predicate, ...(fix && { fix }) }
  }
}

function inOrder(problems: ConfigProblem[]): ConfigProblem[] {
  return problems.sort((a, b) => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0))
}

function asFinding(path: Path, { message, fix }: Wrong): Finding {
  return { path, part: 'value', predicate: message, whole: false, ...(fix && { fix }) }
}

/** Fills in what a configuration only names: the text of TLS files and the value of a variable. */
class Outside {
  readonly findings: Finding[] = []
  readonly hints: Finding[] = []
  readonly #sources: ConfigSources
  readonly #replays = new Map<string, Promise<void>>()
  readonly #tls: TlsFiles

  constructor(sources: ConfigSources) {
    this.#sources = sources
    this.#tls = new TlsFiles({
      read: (name, at) => this.#file(name, at),
      env: sources.env,
      now: (sources.now ?? Date.now)(),
      report: (level, at, wrong) =>
        (level === 'error' ? this.findings : this.hints).push(asFinding(at, wrong)),
    })
  }

  /** An entry that is not valid is left out. */
  async listeners(listen: (ListenEntry | undefined)[]): Promise<ListenOptions[]> {
    const filled: ListenOptions[] = []
    for (const [index, listener] of listen.entries()) {
      if (listener) filled.push(await this.#tls.listener(listener, ['listen', index]))
    }
    return filled
  }

  /** With the path of its file made absolute. */
  async accessLog(log: Config['log']): Promise<AccessLogOptions | undefined> {
    if (!log || log.access === 'off') return undefined
    if (log.access === 'stdout') return { ...log, access: log.access }
    const file = resolve(dirname(this.#sources.file), log.access.file)
    const wrong = await this.#sources.checkAccessFile?.(file)
    if (wrong) this.findings.push(asFinding(['log', 'access'], wrong))
    return { ...log, access: { file } }
  }

  /**
   * The routes with the paths of their replay modules made absolute, each of which is tried, with the TLS files of their
   * upstreams and the variables that their fields name.
   */
  async routes(routes: RouteOptions[]): Promise<RouteOptions[]> {
    const found: RouteOptions[] = []
    // One after the other: each replay module is a process.
    for (const [index, route] of routes.entries()) {
      const at = ['routes', index]
      for (const { path, pair } of changedValues(route.headers)) {
        pair[1] = this.#expanded(pair[1], [...at, ...path])
      }
      const upstreams: UpstreamOptions[] = []
      for (const [number, upstream] of route.upstreams.entries()) {
        // The schema has left the paths of the files where their content goes.
        const written = upstream.secure as UpstreamTlsEntry | undefined
        const secure = written && (await this.#tls.upstream(written, [...at, 'upstreams', number, 'tls']))
        upstreams.push({ ...upstream, ...(secure && { secure }) })
      }
      found.push(await this.#withReplay({ ...route, upstreams }, at))
    }
    return found
  }

  async #withReplay(route: RouteOptions, at: Path): Promise<RouteOptions> {
    const { hold } = route
    if (hold?.replay.by !== 'file') return route
    const place = [...at, 'hold', 'replay', 'file']
    const text = await this.#file(hold.replay.path, place)
    const path = resolve(dirname(this.#sources.file), hold.replay.path)
    if (text !== undefined) await this.#replay(path, place)
    return { ...route, hold: { ...hold, replay: { by: 'file', path } } }
  }

  /** A text with the variables that it names; `$$` is one dollar. */
  #expanded(text: string, at: Path): string {
    const missing = new Set<string>()
    const filled = text.replace(/\$(?:\$|([A-Za-z_][A-Za-z0-9_]*))/g, (_, name: string | undefined) => {
      if (name === undefined) return '$'
      const value = this.#sources.env[name]
      if (value === undefined) missing.add(name)
      return value ?? ''
    })
    const wrong =
      missing.size > 0
        ? new Wrong(
            `names ${[...missing].join(' and ')}, which is not set`,
            'set it where holdfast is started; $$ is a dollar',
          )
        : fieldValueFault(filled)
    // What a variable holds may be a secret, so no message shows it.
    if (wrong) this.findings.push(asFinding(at, wrong))
    return filled
  }

  async #file(name: string, path: Path): Promise<Buffer | undefined> {
    const { file, readFile } = this.#sources
    const content = await readFile(resolve(dirname(file), name)).catch(fileWrong)
    if (!(content instanceof Wrong)) return Buffer.from(content)
    this.findings.push(asFinding(path, new Wrong(`names a file that ${content.message}`, content.fix)))
    return undefined
  }

  /** Several routes may have one module; it is tried once. */
  async #replay(path: string, at: Path): Promise<void> {
    const known = this.#replays.get(path)
    const checked = known ?? this.#sources.checkReplay?.(path)
    if (!checked) return
    this.#replays.set(path, checked)
    try {
      await checked
    } catch (error) {
      this.findings.push(asFinding(at, new Wrong(`cannot be used: ${(error as Error).message}`)))
    }
  }

  admin(admin: AdminOptions | false): AdminOptions | false {
    if (admin === false || !admin.token?.startsWith('$')) return admin
    const name = admin.token.slice(1)
    const token = this.#sources.env[name]
    if (token && bearerToken.test(token)) return { ...admin, token }
    const wrong = token
      ? new Wrong(
          `names ${name}, which an Authorization header cannot carry`,
          'use letters, digits and - . _ ~ + / only',
        )
      : new Wrong(`names the variable ${name}, which is not set`, 'set it where holdfast is started')
    this.findings.push(asFinding(['admin', 'token'], wrong))
    return admin
  }
}

const reasons: Record<string, Wrong> = {
  ENOENT: new Wrong('does not exist', 'check the path'),
  ENOTDIR: new Wrong('does not exist', 'check the path'),
  EACCES: new Wrong('may not be read', 'give the user that runs holdfast permission to read it'),
  EPERM: new Wrong('may not be read', 'give the user that runs holdfast permission to read it'),
  EISDIR: new Wrong('is a directory', 'name a file in it'),
  EFBIG: tooLarge,
  ENOTREG: notRegular,
  ENXIO: notRegular,
  ETIMEDOUT: new Wrong('could not be read in time', 'put it on a local disk'),
}

function fileWrong(error: unknown): Wrong {
  const code = String((error as { code?: unknown } | null)?.code ?? 'unknown reason')
  return reasons[code] ?? new Wrong(`cannot be read (${code})`)
}
