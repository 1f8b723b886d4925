// What is wrong with a stop, from what each manager would have made of it.
import { code as closeCode } from '@holdfast/close-codes'
import { type Finding, type FindingCode, finding } from '../findings.ts'
import { closeWords } from '../probe/closed.ts'
import { seconds } from '../probe/seconds.ts'
import { type ClientFate, type Manager, managers, type Outcome } from './managers.ts'
import type { Member } from './process-tree.ts'
import type { Watched } from './stop.ts'

/** Milliseconds that an exit may take longer than the last Close before it is worth a word. */
const slowMs = 5_000
/** Closes within this many milliseconds are one moment to those who come back. */
const momentMs = 500

const names: Record<Manager, string> = { docker: 'Docker', kubernetes: 'Kubernetes', systemd: 'systemd' }

/** The findings of a stop; those that managers share become one. */
export function judge(
  outcomes: readonly Outcome[],
  watched: readonly Watched[],
  members: readonly Member[],
): Finding[] {
  const perManager = outcomes.map((outcome) => {
    const run = watched.find(({ target }) => target === managers[outcome.manager].target) ?? watched[0]!
    return { manager: outcome.manager, findings: findingsOf(outcome, run, members, outcome.manager) }
  })
  return [...together(perManager), ...newcomers(watched.at(-1)!), ...spread(outcomes)]
}

/** Values that differ from manager to manager where the finding is the same. */
const times = ['after', 'grace']

/** Findings that differ in manager and times only, as one: `Docker and Kubernetes`, `10 s and 30 s`. */
function together(all: readonly { manager: Manager; findings: readonly Finding[] }[]): Finding[] {
  const groups = new Map<string, { manager: Manager; one: Finding }[]>()
  for (const { manager, findings } of all) {
    for (const one of findings) {
      const rest = Object.entries(one.args).filter(([name]) => name !== 'manager' && !times.includes(name))
      const key = JSON.stringify([one.code, one.level, rest])
      groups.set(key, [...(groups.get(key) ?? []), { manager, one }])
    }
  }
  return [...groups.values()].map((group) => {
    const { one } = group[0]!
    const args = Object.entries(one.args).map(([name, value]) => {
      if (name === 'manager') return [name, listed(group.map(({ manager }) => names[manager]))]
      return [name, times.includes(name) ? listed(group.map((it) => `${it.one.args[name]}`)) : value]
    })
    return { ...one, args: Object.fromEntries(args) }
  })
}

/** `a`, `a and b`, `a, b and c`; once what is the same for all. */
function listed(words: readonly string[]): string {
  const all = new Set(words).size === 1 ? words.slice(0, 1) : words
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}

function findingsOf(outcome: Outcome, run: Watched, members: readonly Member[], manager: string): Finding[] {
  const grace = seconds(outcome.graceMs)
  const first = members.find(({ main }) => main)
  const by = nameOf(first)
  const server = nameOf(members.find(({ ports, main }) => ports.length > 0 && !main) ?? members.at(-1))
  const told = outcome.clients.filter(({ client }) => client !== 'silent')
  const swallowed = run.target === 'main' && run.exit && run.left.length > 0 && nobodyTold(run)
  if (swallowed) return [finding('restart-swallowed', { manager, by, server }), ...cut(told, manager)]
  if (outcome.ignored) return [finding('restart-ignored', { manager, by, grace }), ...cut(told, manager)]
  if (told.every(({ sees }) => sees.what === 'nothing') || untilKilled(outcome, told)) {
    return [finding('restart-not-told', { manager, grace })]
  }
  return [...whatIsTold(told, manager), ...theEnd(outcome, run, manager, server)]
}

const nobodyTold = ({ clients, exit }: Watched) =>
  clients.every(
    ({ sees, afterMs }) => sees.what === 'nothing' || (afterMs ?? 0) > (exit?.afterMs ?? 0) + 1_000,
  )

const untilKilled = ({ killed, graceMs }: Outcome, told: readonly ClientFate[]) =>
  killed === 'grace' && told.every(({ sees, afterMs }) => sees.what === 'end' && afterMs === graceMs)

/** A process in words: the program and its first argument, without folders. */
export function nameOf(member: Member | undefined): string {
  const words = member?.command.split(' ') ?? []
  const [program = 'the server', ...rest] = words.filter((word) => word !== '')
  const bare = (word: string) => word.slice(word.lastIndexOf('/') + 1)
  if (rest[0] === '-c') return bare(program)
  const argument = rest.find((word) => !word.startsWith('-'))
  return argument === undefined ? bare(program) : `${bare(program)} ${bare(argument)}`
}

function whatIsTold(told: readonly ClientFate[], manager: string): Finding[] {
  const found: Finding[] = [...cut(told, manager)]
  const closed = new Map<number | undefined, { words: string; after: number }>()
  for (const { sees, afterMs = 0 } of told) {
    if (sees.what !== 'close') continue
    const words = closeWords({ code: sees.code, reason: sees.reason.replace(/retry=\d+/, 'retry=…') })
    closed.set(sees.code, { words, after: Math.max(afterMs, closed.get(sees.code)?.after ?? 0) })
  }
  for (const [code, { words, after }] of closed) {
    const args = { manager, words, after: seconds(after) }
    if (code === undefined) {
      const count = told.filter(({ sees }) => sees.what === 'close' && sees.code === undefined).length
      found.push(finding('restart-empty-close', { manager, count, after: seconds(after) }))
    } else if (code === closeCode.serviceRestart) found.push(finding('restart-announced', args))
    else if (code === closeCode.normalClosure) found.push(finding('restart-done-code', args))
    else found.push(finding('restart-other-code', args))
  }
  return found
}

function cut(told: readonly ClientFate[], manager: string): Finding[] {
  const some = told.filter(({ sees }) => sees.what === 'end')
  if (some.length === 0) return []
  const after = seconds(Math.max(...some.map(({ afterMs = 0 }) => afterMs)))
  return [finding('restart-no-close', { manager, count: some.length, after })]
}

/** What holds the exit, and what outlives it. */
function theEnd(outcome: Outcome, run: Watched, manager: string, server: string): Finding[] {
  const { endsAfterMs, killed, graceMs, clients } = outcome
  const grace = seconds(graceMs)
  const others = Math.max(
    0,
    ...clients.flatMap(({ client, afterMs }) => (client === 'silent' ? [] : [afterMs ?? 0])),
  )
  const end = run.allEndedMs ?? run.watchedMs
  const beyond = killed === 'grace' || end > graceMs
  if (!beyond && end - others < slowMs) return []
  const silent = run.clients.find(({ client }) => client === 'silent')
  // It has had its Close and has not been cut until about the end: the exit has waited for it.
  const holds = silent?.sees.what === 'close' && (silent.cutMs ?? end) > others + momentMs
  if (holds) {
    const level = beyond ? 'error' : 'warning'
    return [finding('restart-silent-client', { manager, grace, after: held(run) }, undefined, level)]
  }
  if (run.target === 'group' && run.exit && run.left.length > 0 && run.allEndedMs === undefined) {
    return [finding('restart-left-behind', { manager, server })]
  }
  if (beyond) return [finding('restart-killed', { manager, grace })]
  return [finding('restart-slow-exit', { manager, after: seconds(endsAfterMs ?? end) })]
}

const held = ({ allEndedMs, watchedMs }: Watched) =>
  allEndedMs === undefined ? `${seconds(watchedMs)} and longer` : seconds(allEndedMs)

/** What newcomers meet that they should not. */
function newcomers({ newcomers, clients }: Watched): Finding[] {
  // Those who came before anybody was told anything came to a server that had not begun to stop.
  const begun = Math.min(...clients.map(({ afterMs }) => afterMs ?? Number.POSITIVE_INFINITY))
  const late = newcomers.filter(({ afterMs }) => afterMs > begun)
  const first = (met: string) => newcomers.find((one) => one.met === met)
  const found: Finding[] = []
  const letIn = late.find(({ met }) => met === 'let-in')
  if (letIn) found.push(finding('restart-lets-in', { after: seconds(letIn.afterMs) }))
  const thrown = first('let-in-ended') ?? first('let-in-closed')
  if (thrown) {
    const words = thrown.met === 'let-in-closed' ? 'closed again' : 'cut again'
    found.push(finding('restart-thrown-out', { after: seconds(thrown.afterMs), words }))
  }
  const silent = first('accepted-silent')
  if (silent) found.push(finding('restart-unanswered', { after: seconds(silent.afterMs) }))
  return found
}

/** Whether those who are told to come back come back in one moment. */
function spread(outcomes: readonly Outcome[]): Finding[] {
  const [best] = [...outcomes].sort((a, b) => announcedBy(b).length - announcedBy(a).length)
  const announced = best ? announcedBy(best) : []
  if (announced.length < 2) return []
  const found: Finding[] = []
  const times = announced.map(({ afterMs = 0 }) => afterMs)
  const span = Math.max(...times) - Math.min(...times)
  const withDelay = announced.filter(({ sees }) => sees.what === 'close' && /\bretry=\d/.test(sees.reason))
  if (span < momentMs && withDelay.length === 0) {
    found.push(finding('restart-at-once', { count: announced.length, spread: seconds(span) }))
  }
  if (withDelay.length === 0) {
    const { sees } = announced[0]!
    const words = sees.what === 'close' ? closeWords({ code: sees.code, reason: sees.reason }) : ''
    found.push(finding('restart-no-delay', { words }))
  }
  return found
}

const announcedBy = ({ clients }: Outcome) =>
  clients.filter(({ client, sees }) => client !== 'silent' && sees.what === 'close' && sees.code === 1012)

/** The codes whose lines depend on the server. */
export const needLines: ReadonlySet<FindingCode> = new Set<FindingCode>([
  'restart-no-close',
  'restart-done-code',
  'restart-empty-close',
  'restart-other-code',
  'restart-not-told',
  'restart-silent-client',
  'restart-at-once',
  'restart-no-delay',
])
