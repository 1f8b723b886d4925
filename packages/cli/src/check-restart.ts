// `holdfast check --restart COMMAND [URL]`.
import * as doctor from '@holdfast/doctor'
import { type CheckFlags, readHeader, withWords } from './check-flags.ts'
import { readDuration } from './duration-argument.ts'
import { findingBlock, plural } from './findings-page.ts'
import { type Field, layOut, type Sheet, sheetOf } from './layout.ts'
import { Failure, type Io, printable, printJson } from './output.ts'

/** What is wrong with the command line or the command, and not with how the server stops. */
const wrongUse: ReadonlySet<doctor.RestartTrouble> = new Set<doctor.RestartTrouble>([
  'command_not_found',
  'bad_url',
  'port_taken',
  'exited',
  'never_listened',
  'refused',
])

/** Starts a server by a command, stops it as its managers do, and prints what clients see. */
export async function checkRestartFlag(
  command: string,
  url: string | undefined,
  flags: CheckFlags,
  io: Io,
): Promise<void> {
  if (command.trim() === '') {
    throw new Failure(
      2,
      "--restart wants the command that starts your server, such as 'npm start'",
      'wrong_use',
    )
  }
  const interrupt = onAnySignal()
  try {
    const result = await doctor.checkRestart(command, {
      ...optionsOf(flags),
      ...(url !== undefined && { url }),
      signal: interrupt.signal,
      onStep: (words) => {
        if (!flags.json) io.stderr.write(`${printable(words)}\n`)
      },
    })
    if (flags.json) printJson(io, documentOf(result))
    else io.stdout.write(page(result, sheetOf(io)))
    if (!result.healthy) throw new Failure(1, [])
  } catch (error) {
    if (!(error instanceof doctor.RestartError)) throw error
    throw new Failure(wrongUse.has(error.code) ? 2 : 1, error.message, error.code)
  } finally {
    interrupt.undo()
  }
}

/** Ctrl-C, a closed terminal and a SIGTERM end the check; whatever was started is ended first, however often they come. */
function onAnySignal(): { signal: AbortSignal; undo(): void } {
  const controller = new AbortController()
  const stop = () => controller.abort()
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const one of signals) process.on(one, stop)
  const undo = () => {
    for (const one of signals) process.off(one, stop)
  }
  return { signal: controller.signal, undo }
}

function optionsOf({ protocol, header, clients, message, grace, start }: CheckFlags): doctor.RestartOptions {
  return {
    protocols: protocol ?? [],
    headers: (header ?? []).map(readHeader),
    ...(clients !== undefined && { clients: readClients(clients) }),
    ...(message !== undefined && { message }),
    ...(grace !== undefined && { grace: readDuration('--grace', grace) }),
    ...(start !== undefined && { start: readDuration('--start', start) }),
  }
}

/** More than this is no longer a look at one server from one machine. */
const maxClients = 1_000

function readClients(text: string): number {
  const n = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (n >= 3 && n <= maxClients) return n
  throw new Failure(2, `--clients '${text}' is not a number from 3 to ${maxClients}`, 'wrong_use')
}

function documentOf({ findings, ...rest }: doctor.RestartResult) {
  return { ...rest, findings: findings.map(withWords) }
}

const managerNames: Record<doctor.Manager, string> = {
  docker: 'Docker',
  kubernetes: 'Kubernetes',
  systemd: 'systemd',
}

function page(result: doctor.RestartResult, sheet: Sheet): string {
  const { command, url, processes, outcomes, watched, findings } = result
  const tree = processes.map(
    ({ pid, command, main, ports }) =>
      `${pid}  ${printable(command)}${main ? '  (process 1)' : ''}${ports.length > 0 ? `  listens on ${ports.join(', ')}` : ''}`,
  )
  const head = layOut(
    [
      { is: 'title', text: printable(command) },
      { is: 'lines', lines: [url, ...tree] },
      { is: 'heading', text: 'What clients see' },
      { is: 'fields', fields: outcomes.flatMap((outcome) => outcomeFields(outcome)) },
      { is: 'heading', text: 'What newcomers meet' },
      { is: 'fields', fields: watched.map(newcomerField) },
    ],
    sheet,
  )
  const shown = findings.filter(({ level }) => level !== 'ok')
  const blocks = shown.map((finding) => `\n${findingBlock(finding, doctor, sheet)}`).join('')
  const count = (level: doctor.Level) => findings.filter((it) => it.level === level).length
  const [errors, warnings] = [count('error'), count('warning')]
  const extra = warnings > 0 ? `, ${plural(warnings, 'warning')}` : ''
  const end =
    errors > 0 ? sheet.paint('red', plural(errors, 'fault') + extra) : sheet.paint('green', `healthy${extra}`)
  return `${head}${blocks}\n${end}\n`
}

/** One line for what all but the silent client see, one for the silent one, and one for the end. */
function outcomeFields({ manager, clients, endsAfterMs, killed, graceMs }: doctor.Outcome): Field[] {
  const label = managerNames[manager]
  const seen = new Map<string, number[]>()
  for (const { client, sees, afterMs } of clients) {
    const who = client === 'silent' ? 'the silent client: ' : ''
    const words = who + endInWords(sees)
    seen.set(words, [...(seen.get(words) ?? []), afterMs ?? Number.NaN])
  }
  const lines = [...seen].map(([words, times]) => {
    const count = words.startsWith('the silent') ? '' : `${times.length} clients: `
    return `${count}${words}${spanInWords(times)}`
  })
  const how =
    killed === 'grace' ? ' by SIGKILL' : killed === 'first-ended' ? ', all killed with process 1' : ''
  const end =
    endsAfterMs === undefined
      ? `not ended when the watch was over (waits ${time(graceMs)})`
      : `ended after ${time(endsAfterMs)}${how}`
  return [...lines, end].map((text, i) => ({ label: i === 0 ? label : '', text: printable(text) }))
}

function endInWords(sees: doctor.ClientEnd): string {
  if (sees.what === 'nothing') return 'nothing, still connected'
  if (sees.what === 'end') return 'TCP end without a Close (1006)'
  if (sees.code === undefined) return 'an empty Close (1005)'
  const reason = sees.reason.replace(/retry=\d+/, 'retry=…')
  return `Close ${sees.code}${reason === '' ? '' : ` "${reason}"`}`
}

function spanInWords(times: readonly number[]): string {
  const known = times.filter((one) => !Number.isNaN(one))
  if (known.length === 0) return ''
  const [first, last] = [Math.min(...known), Math.max(...known)]
  return last - first < 100 ? `, after ${time(last)}` : `, after ${time(first)} to ${time(last)}`
}

function newcomerField({ target, newcomers }: doctor.Watched): Field {
  const label = target === 'main' ? 'SIGTERM to process 1' : 'SIGTERM to all'
  const text = newcomers.map(({ met, afterMs }) => `${metWords[met] ?? met} (${time(afterMs)})`).join(' → ')
  return { label, text: text === '' ? 'the process is gone first' : text }
}

const metWords: Partial<Record<string, string>> = {
  'let-in': 'let in',
  'let-in-ended': 'let in, then cut',
  'let-in-closed': 'let in, then closed',
  'accepted-ended': 'TCP accepted, then ended',
  'accepted-silent': 'TCP accepted, never answered',
}

function time(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
