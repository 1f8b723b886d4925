// The measured facts in words, for those who show them.
import { fill } from '../fill.ts'
import type { Language } from '../text/language.ts'
import type { Report } from './client-receipts.ts'
import type { Returns } from './client-returns.ts'
import type { ProxyOutcome, ProxyRow } from './proxies.ts'
import type { Seen, Stop } from './server-stops.ts'

/** What connected clients see of a stop: `Close 1012 "restart"`; several, if they did not all see the same. */
export function seenInWords(sees: readonly Seen[], language: Language): string {
  return sees.map((seen) => oneSeen(seen, language)).join(' / ')
}

function oneSeen(seen: Seen, { measured, quoted }: Language): string {
  if (seen.what !== 'close') return measured.seen[seen.what]
  const reason = seen.reason === undefined ? '' : ` ${fill(quoted, { text: seen.reason })}`
  return `Close ${seen.code}${reason}`
}

/** When connected clients see it, in seconds, and over how many more they go: `3 s (+ 1 s)`; empty when they see nothing. */
export function timeInWords({ after, spread }: Stop): string {
  return after === undefined ? '' : `${after} s${spread ? ` (+ ${spread} s)` : ''}`
}

/** What those who connect meanwhile meet, in the order in which it changes. */
export function newcomersInWords({ newcomers }: Stop, { measured }: Language): string {
  return newcomers.map((one) => measured.newcomer[one]).join(' → ')
}

/** When and how the process ends. */
export function exitInWords({ exits }: Stop, { measured }: Language): string {
  if (typeof exits === 'string') return measured[exits]
  const { after, status, orphans } = exits
  const left = orphans === undefined ? '' : `, ${fill(measured.orphans, { count: orphans })}`
  return `${after} s, ${status}${left}`
}

/** What becomes of a client that never answers a Close; empty where that was not tried. */
export function silentInWords({ silentClient }: Stop, { measured }: Language): string {
  if (silentClient === undefined) return ''
  if (silentClient === 'never') return measured.never
  const { cut, exit } = silentClient
  return [
    cut === 'never' ? measured.never : cut !== undefined && fill(measured.cut, { cut: `${cut} s` }),
    exit !== undefined && fill(measured.exit, { exit: `${exit} s` }),
  ]
    .filter(Boolean)
    .join(', ')
}

/** What the client of a proxy gets. */
export function outcomeInWords(seen: ProxyOutcome | undefined, { measured }: Language): string {
  if (!seen) return measured.notTried
  const later = 'after' in seen && seen.after ? ` (${seen.after} s)` : ''
  switch (seen.what) {
    case 'http':
      return (seen.inside ? fill(measured.inside, { status: seen.status }) : `HTTP ${seen.status}`) + later
    case 'end':
      return measured.seen.end + later
    case 'close':
      return `Close ${seen.code}${later}`
    case 'kept':
    case 'silence':
    case 'opened':
      return measured[seen.what]
  }
}

/** What becomes of a 103 before the 101. */
export function interimInWords({ interim }: ProxyRow, { measured }: Language): string {
  return interim ? measured.interim[interim] : measured.notTried
}

/** How a library comes back: `1000 / 2000 / 4000 ms`. */
export function returnsInWords(after: Returns, { measured }: Language): string {
  return after === 'never' ? measured.staysAway : fill(measured.attempts, { attempts: after.join(' / ') })
}

/** What a client reports for a Close, and what it answers. */
export function reportInWords(report: Report, { measured }: Language): string {
  if (report === 'same') return measured.asSent
  if (report === 'none') return measured.noCode
  if (report === 'hangs' || report === 'unknown') return measured[report]
  const answer = report.answer === undefined ? '' : `, ${fill(measured.answered, { answer: report.answer })}`
  if ('what' in report) {
    return (report.what === 'error' ? measured.errorOnly : measured.endOfFile) + answer
  }
  const { code, error } = report
  return (error ? fill(measured.withError, { code }) : `${code}`) + answer
}
