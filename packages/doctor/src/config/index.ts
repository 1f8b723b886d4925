/** Reads configurations of proxies and finds what breaks WebSockets in them. */
import type { Finding } from '../findings.ts'
import { maxBytes, readAmong } from './among.ts'
import { readApache } from './apache.ts'
import { readCaddy } from './caddy.ts'
import { type ConfigFile, type ConfigProblem, type ReadFiles, Report } from './context.ts'
import { readEnvoy } from './envoy.ts'
import { readHaproxy } from './haproxy.ts'
import { type ConfigKind, configKinds, kindOf } from './kinds.ts'
import { readKubernetes } from './kubernetes.ts'
import { readNginx } from './nginx.ts'
import { readTraefik } from './traefik.ts'

/** How a configuration is read. */
export interface ReadOptions {
  /**
   * The program that it is for.
   *
   * @default names and content tell
   */
  kind?: ConfigKind
  /**
   * Finds included files. `readFromDisk()` is one.
   *
   * @default none: includes become problems
   */
  read?: ReadFiles
}

/** What was found in a configuration. */
export interface ConfigReading {
  /** What breaks WebSockets, in the order of files and lines. */
  findings: Finding[]
  /** What could not be read, and was therefore not looked at. */
  problems: ConfigProblem[]
  /** What the readers do not look at or not understand, and what they assume in its place. No fault by itself. */
  unread: ConfigProblem[]
  /** The kinds that were recognised, in the order of the files. */
  kinds: ConfigKind[]
}

const readers: Readonly<
  Record<ConfigKind, (files: readonly ConfigFile[], report: Report, read?: ReadFiles) => void>
> = {
  nginx: eachOf(readNginx),
  haproxy: readHaproxy,
  caddy: eachOf(readCaddy),
  apache: eachOf(readApache),
  traefik: readTraefik,
  envoy: readEnvoy,
  kubernetes: readKubernetes,
}

/** Reads files one by one, but for those that another of them includes. */
function eachOf(readOne: (file: ConfigFile, report: Report, read?: ReadFiles) => void) {
  return (files: readonly ConfigFile[], report: Report, read?: ReadFiles) => {
    if (files.length === 1 && files[0]) return readOne(files[0], report, read)
    const included = new Set<string>()
    const among = readAmong(files)
    const readHereFirst: ReadFiles = (path) => {
      const here = among(path)
      for (const file of here) included.add(file.path)
      return here.length > 0 ? here : (read?.(path) ?? [])
    }
    // What is included is only known when everything has been read once.
    for (const file of files) readOne(file, new Report(), readHereFirst)
    for (const file of files) if (!included.has(file.path)) readOne(file, report, readHereFirst)
  }
}

/**
 * Finds what breaks WebSockets in the configuration of a proxy, with file and line. Takes its text, or its files with
 * their paths. Never throws, whatever the texts are: what cannot be read is a problem.
 */
export function readProxyConfig(
  input: string | readonly ConfigFile[],
  { kind, read }: ReadOptions = {},
): ConfigReading {
  const files = typeof input === 'string' ? [{ path: '-', text: input }] : input
  const report = new Report()
  const known = new Map<ConfigKind, ConfigFile[]>()
  for (const { path, text } of files) {
    // Editors of other systems leave a mark before the text and other ends of lines.
    const file = { path, text: text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n') }
    const found = kind ?? kindOf(file)
    const obstacle = obstacleOf(file, found)
    if (isCompose(file, found)) noteCompose(file, report)
    else if (obstacle) report.problem({ file: path, line: 1 }, obstacle)
    else if (found) known.set(found, [...(known.get(found) ?? []), file])
  }
  for (const [found, own] of known) readers[found](own, report, read)
  const order = new Map(files.map(({ path }, index) => [path, index]))
  const rank = ({ file, line }: { file: string; line: number }) =>
    [order.get(file) ?? files.length, line] as const
  const findings = report.findings.toSorted((one, other) => {
    const [a, b] = [one.where, other.where]
    if (!a || !b || !('file' in a) || !('file' in b)) return 0
    return rank(a)[0] - rank(b)[0] || a.file.localeCompare(b.file) || a.line - b.line
  })
  return { findings, problems: report.problems, unread: report.unread, kinds: [...known.keys()] }
}

/** A Compose file, whatever it was taken for: Traefik and others read its labels, and nobody reads them here. */
function isCompose({ text }: ConfigFile, kind: ConfigKind | undefined): boolean {
  return (
    (kind === undefined || kind === 'traefik') &&
    /^services:[ \t]*$/m.test(text) &&
    !/^(?:apiVersion|http|entryPoints|providers):/m.test(text)
  )
}

function noteCompose({ path, text }: ConfigFile, report: Report): void {
  let labelled = false
  for (const [index, row] of text.split('\n').entries()) {
    const words = row.replace(/^[\s"'-]+/, '').slice(0, 60)
    if (!/^(?:traefik|caddy|haproxy|nginx)[._]/.test(words)) continue
    report.notRead(
      { file: path, line: index + 1 },
      `the label ${words}: labels of Compose files are not read`,
    )
    labelled = true
  }
  const what = labelled ? 'its labels are listed, and not read' : 'it is not read'
  report.problem(
    { file: path, line: 1 },
    `looks like a Compose file: ${what}; give the configuration of ${list}`,
  )
}

const list = `${configKinds.slice(0, -1).join(', ')} or ${configKinds.at(-1)}`

function obstacleOf({ text }: ConfigFile, kind: ConfigKind | undefined): string | undefined {
  if (text.length > maxBytes) return `larger than ${maxBytes / 1024 / 1024} MiB, which no configuration is`
  if (text.trim() === '') return 'empty'
  if (text.includes('\0')) return 'not a text'
  if (kind) return undefined
  return `not recognised; say which kind it is: ${list}`
}
