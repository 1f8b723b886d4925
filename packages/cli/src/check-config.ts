// `holdfast check --proxy-config FILE`.
import { readFile } from 'node:fs/promises'
import * as doctor from '@holdfast/doctor'
import { type CheckFlags, withWords } from './check-flags.ts'
import { findingBlock, plural } from './findings-page.ts'
import { sheetOf } from './layout.ts'
import { Failure, type Io, printable, printJson } from './output.ts'
import { wrap } from './wrap.ts'

/** More than this is no configuration. */
const maxBytes = 16 * 1024 * 1024

/** Reads a configuration from a file, or from standard input for `-`, and prints what breaks WebSockets in it. */
export async function readProxyConfigFlag(path: string, flags: CheckFlags, io: Io): Promise<void> {
  const text = path === '-' ? await readStdin(io) : await readText(path)
  if (path !== '-' && flags.kind === undefined && isOwn(text)) return checkOwn(path, flags, io)
  const kind = readKind(flags.kind)
  const reading = doctor.readProxyConfig([{ path, text }], {
    ...(kind && { kind }),
    read: doctor.readFromDisk(),
  })
  if (flags.json) printJson(io, documentOf(path, reading))
  else io.stdout.write(page(path, reading, io))
  const errors = reading.findings.some(({ level }) => level === 'error')
  if (errors || reading.problems.length > 0) throw new Failure(reading.kinds.length === 0 ? 2 : 1, [])
}

/** Whether it is a configuration of Holdfast: no other program has both of these at the beginning of a line. */
function isOwn(text: string): boolean {
  return /^listen[ \t]*:/m.test(text) && /^(?:routes|include)[ \t]*:/m.test(text)
}

/** What `holdfast validate` says of it, in the form of a check. */
async function checkOwn(path: string, { json }: CheckFlags, io: Io): Promise<void> {
  const { formatProblem, loadConfigFile } = await import('@holdfast/gateway')
  const result = await loadConfigFile(path)
  const problems = result.ok ? [] : result.problems
  const warnings = result.ok ? result.warnings : []
  if (json)
    printJson(io, {
      ...{ file: path, healthy: result.ok, kinds: ['holdfast'] },
      ...{ findings: [], problems, warnings, unread: [] },
    })
  else {
    const lines = [...problems, ...warnings].map((problem) => `${printable(formatProblem(problem))}\n`)
    const parts = [
      ...(problems.length > 0 ? [plural(problems.length, 'fault')] : []),
      ...(warnings.length > 0 ? [plural(warnings.length, 'warning')] : []),
    ]
    const found = parts.length > 0 ? parts.join(', ') : 'nothing found that breaks WebSockets'
    io.stdout.write(`${lines.join('')}${printable(path)} (holdfast): ${found}\n`)
  }
  if (!result.ok) throw new Failure(1, [])
}

function readKind(name: string | undefined): doctor.ConfigKind | undefined {
  const kind = doctor.configKinds.find((known) => known === name)
  if (kind !== undefined || name === undefined) return kind
  throw new Failure(2, `--kind '${name}' is not known; known: ${doctor.configKinds.join(', ')}`, 'wrong_use')
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code
    throw new Failure(2, `cannot read '${path}': ${why}`, 'no_file')
  }
}

async function readStdin(io: Io): Promise<string> {
  const { stdin = process.stdin } = io as { stdin?: AsyncIterable<Uint8Array | string> }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin) {
    size += chunk.length
    if (size > maxBytes) throw new Failure(2, 'standard input is too long for a configuration', 'too_long')
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks).toString('utf8')
}

function documentOf(path: string, { findings, problems, unread, kinds }: doctor.ConfigReading) {
  const healthy = findings.every(({ level }) => level !== 'error') && problems.length === 0
  return { file: path, healthy, kinds, findings: findings.map(withWords), problems, unread }
}

function page(path: string, { findings, problems, unread, kinds }: doctor.ConfigReading, io: Io): string {
  const sheet = sheetOf(io)
  const blocks = findings.map((finding) => findingBlock(finding, doctor, sheet, placeOf(finding)))
  const notRead = (colour: 'yellow' | 'dim') => (one: doctor.ConfigProblem) => {
    const words = wrap(printable(one.message), sheet.width - 2).map((line) => `  ${line}\n`)
    return `${printable(`${one.file}:${one.line}`)}  ${sheet.paint(colour, 'not read')}\n${words.join('')}`
  }
  const missed = [...problems.map(notRead('yellow')), ...unread.map(notRead('dim'))]
  const count = (level: doctor.Level) => findings.filter((it) => it.level === level).length
  const [errors, warnings, hints] = [count('error'), count('warning'), count('hint')]
  const parts = [
    ...(errors > 0 ? [plural(errors, 'fault')] : []),
    ...(warnings > 0 ? [plural(warnings, 'warning')] : []),
    ...(hints > 0 ? [plural(hints, 'hint')] : []),
    ...(missed.length > 0 ? [`${plural(missed.length, 'part')} not read`] : []),
  ]
  const what = kinds.length > 0 ? `${printable(path)} (${kinds.join(', ')})` : printable(path)
  const colour = errors > 0 ? 'red' : warnings + problems.length > 0 ? 'yellow' : 'green'
  const nothing =
    findings.length === 0 && problems.length === 0 ? ['nothing found that breaks WebSockets'] : []
  const end = `${what}: ${sheet.paint(colour, [...nothing, ...parts].join(', '))}\n`
  return [...blocks, ...missed, end].join('\n')
}

function placeOf({ where }: doctor.Finding): string {
  return where && 'file' in where ? `${where.file}:${where.line}` : ''
}
