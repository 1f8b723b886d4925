import {
  type AdminOptions,
  type GatewayOptions,
  type ListenOptions,
  maxFileBytes,
  readFileLimited,
} from '../core/index.ts'
import { checkReplayFile } from '../hold/replay/index.ts'
import { type ConfigProblem, type Finding, pathText, Wrong } from './errors.ts'
import { fileWrong, notUtf8, tooLarge } from './file-faults.ts'
import { ConfigFiles, listFolder } from './include.ts'
import { findings, pathsOf } from './issues.ts'
import { asFinding, type ConfigSources, Outside } from './outside.ts'
import { type Config, configSchema, keys, type ListenEntry, listenEntry } from './schema.ts'
import { stateDirectoryFault } from './schema-acme.ts'
import { accessFileFault, logWarnings } from './schema-log.ts'
import { FilledValue } from './variables.ts'
import { warnings } from './warnings.ts'

/** Options with what is odd about them, or everything that is wrong; both in the order of the file. */
export type ConfigResult =
  | { ok: true; options: GatewayOptions; warnings: ConfigProblem[] }
  | { ok: false; problems: ConfigProblem[] }

/**
 * Reads a configuration file, those that it includes, the TLS files that they name and the variables. Never
 * rejects: a file that is missing, too large (1 MiB), no regular file or not UTF-8 is a problem like any other. Replay
 * modules are tried in a process of their own; everything has a time limit.
 */
export async function loadConfigFile(path: string): Promise<ConfigResult> {
  const bytes = await readFileLimited(path).catch(fileWrong)
  if (bytes instanceof Wrong) return refused(path, bytes)
  const odd = notUtf8(bytes)
  if (odd) return refused(path, odd.wrong, odd.place)
  const sources = {
    file: path,
    env: process.env,
    readFile: readFileLimited,
    listFolder,
    checkReplay: checkReplayFile,
    checkAccessFile: accessFileFault,
    checkStateDirectory: stateDirectoryFault,
  }
  return parseConfig(bytes.toString(), sources)
}

/**
 * Turns the text of a configuration, YAML or JSON, into options, or into everything that is wrong with it, in the
 * order of the file. Never rejects, whatever the text.
 */
export async function parseConfig(text: string, sources: ConfigSources): Promise<ConfigResult> {
  if (text.length > maxFileBytes) return refused(sources.file, tooLarge)
  const files = new ConfigFiles(sources)
  const written = await files.read(text)
  if (written === undefined) return { ok: false, problems: inOrder(files.problems, files) }
  if (written === null) return refused(sources.file, new Wrong('is empty', 'name at least one route'), start)
  const problem = problemWriter(files)
  const filled = new FilledValue(written, sources.env)
  const { parsed, value } = parse(filled)
  const found = parsed.success ? [] : filled.shown(findings(parsed.error.issues, value))
  const outside = new Outside(sources, (path) => files.written(path).file)
  const known = parsed.data ?? usable(value)
  const listen = await outside.listeners(known.listen)
  const admin = outside.admin(known.admin)
  const accessLog = await outside.accessLog(parsed.data?.log)
  const fleet = parsed.data?.fleet && (await outside.fleet(parsed.data.fleet))
  const routes = await outside.routes(parsed.data?.routes ?? [])
  const acme = parsed.success ? await outside.acme(parsed.data) : undefined
  const faults = [...filled.findings, ...found, ...outside.findings].map((one) => problem(one, 'error'))
  const problems = [...files.problems, ...faults]
  if (problems.length > 0 || !parsed.success) return { ok: false, problems: inOrder(problems, files) }
  const options = {
    ...asOptions(parsed.data, listen, admin),
    ...(accessLog && { accessLog }),
    ...(fleet && { fleet }),
    ...(acme && { acme }),
    routes,
  }
  const odd = [...warnings(options), ...logWarnings(parsed.data.log)]
  const hints = [...odd.map(({ path, wrong }) => asFinding(path, wrong)), ...outside.hints]
  const told = [...files.warnings, ...hints.map((one) => problem(one, 'warning'))]
  return { ok: true, options, warnings: inOrder(told, files) }
}

/** A variable holds text: where a number or `true` is wanted, what looks like one is one. */
function parse(filled: FilledValue) {
  const first = configSchema.safeParse(filled.value)
  const retyped = first.success ? undefined : filled.retyped(pathsOf(first.error.issues))
  if (retyped === undefined) return { parsed: first, value: filled.value }
  return { parsed: configSchema.safeParse(retyped), value: retyped }
}

const start = { line: 1, column: 1 }

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

function problemWriter(files: ConfigFiles) {
  return ({ path, part, predicate, whole, fix }: Finding, level: ConfigProblem['level']): ConfigProblem => {
    const at = files.written(path, part)
    const local = (text: string) =>
      text.replace(ofSeveral, (name, key, index) => nameIn(at.file, name, key, index))
    // An entry of a list has the index that it has in its own file.
    const nameIn = (file: string, name: string, key: string, index: string) => {
      const there = files.written([key, Number(index)])
      const own = pathText(there.path)
      return there.file === file ? own : there.path.length === 0 ? name : `${own} in ${there.file}`
    }
    const subject = whole ? '' : `${path.length > 0 ? pathText(at.path) : 'the configuration'} `
    const message = subject + (files.parts.length > 1 ? local(predicate) : predicate)
    const proposed = fix === undefined || files.parts.length === 1 ? fix : local(fix)
    const place = { file: at.file, ...at.place, path: pathText(at.path) }
    return { level, ...place, message, ...(proposed && { fix: proposed }) }
  }
}

const ofSeveral = /\b(routes|listen|trustedProxies)\[(\d{1,9})\]/g

/** The problems file by file, as they were read, and in each from its beginning on. */
function inOrder(problems: ConfigProblem[], { parts }: ConfigFiles): ConfigProblem[] {
  const number = new Map(parts.map(({ file }, index) => [file, index]))
  const fileOf = ({ file = '' }: ConfigProblem) => number.get(file) ?? 0
  return problems.sort(
    (a, b) => fileOf(a) - fileOf(b) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )
}
