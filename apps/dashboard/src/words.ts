// Numbers, times and events in words.
import {
  isOut,
  routeAlarm,
  upstreamState,
  withoutUpstream,
} from '../../../packages/gateway/src/operate/route-alarm.ts'
import type {
  DashboardFrame,
  DashboardRoute,
  DrainInfo,
  NotableEvent,
  UpgradeInfo,
  UpstreamState,
} from './frame.ts'

const whole = new Intl.NumberFormat('en')
const tenth = new Intl.NumberFormat('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' })

export const count = (n: number): string => whole.format(Math.round(n))

/** One digit after the point where it matters. */
export const rate = (n: number): string => (n > 0 && n < 9.95 ? tenth.format(n) : count(n))

export const time = (at: number): string => clock.format(at)

export const plural = (n: number, one: string, many = `${one}s`): string =>
  `${count(n)} ${n === 1 ? one : many}`

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000
  return `${unit > 0 && value < 9.95 ? tenth.format(value) : count(value)} ${units[unit]}`
}

export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([n]) => n > 0)
  if (first < 0) return '0 s'
  return parts
    .slice(first, first + 2)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ')
}

export const seconds = (ms: number): string => `${tenth.format(ms / 1000)} s`

export function drainWords({ scope, total, closed, moved, cut, done }: DrainInfo): string {
  const what = scope === 'gateway' ? 'the whole gateway' : scope
  const parts = drainParts({ closed, moved, cut }).join(', ')
  return done ? `Drained ${what}: ${parts}` : `Draining ${what}: ${parts} of ${plural(total, 'connection')}`
}

/** What has become of the connections of a drain; `moved` is missing in older answers. */
export function drainParts({
  closed,
  moved = 0,
  cut,
}: {
  closed: number
  moved?: number
  cut: number
}): string[] {
  const parts = [`${count(closed)} closed`]
  if (moved > 0) parts.push(`${count(moved)} moved to another upstream`)
  if (cut > 0) parts.push(`${count(cut)} cut at the deadline`)
  return parts
}

export function upgradeWords(info: UpgradeInfo): string {
  const { phase, from, to, total, moved, ended, lost = 0, ms, error } = info
  const version = to ?? 'the new version'
  switch (phase) {
    case 'starting':
      return `Upgrading from ${from}: the new workers are starting`
    case 'moving':
      return `Upgrading to ${version}: ${count(moved)} of ${plural(total, 'connection')} moved`
    case 'done': {
      const end = ended > 0 ? `, ${count(ended)} ended with their old worker` : ''
      const rest = lost > 0 ? `${end}, ${count(lost)} lost` : end
      return `Upgraded to ${version}: ${plural(moved, 'connection')} moved${rest}${ms === undefined ? '' : ` in ${seconds(ms)}`}`
    }
    case 'failed':
      return `The upgrade failed, the old workers go on: ${error ?? 'no reason was given'}`
  }
}

export function newsWords(news: NotableEvent): string {
  switch (news.type) {
    case 'health':
      return news.healthy
        ? `${news.upstream} ${news.state === 'not probed' ? 'answers again' : 'is healthy'} (route ${news.route})`
        : `${news.upstream} is ${news.state === 'failing' ? 'failing' : 'unhealthy'} (route ${news.route}): ${news.error ?? 'no reason was given'}`
    case 'worker':
      return news.state === 'ready' ? `Worker ${news.worker} is ready` : `Worker ${news.worker} has ended`
    case 'reload':
      return `Configuration reloaded: ${reloadWords(news)}`
    case 'undrain':
      return `Taken back: ${news.parts.join(', ')}`
    case 'drain':
      return drainWords(news.drain)
    case 'upgrade':
      return upgradeWords(news.upgrade)
  }
}

export function reloadWords({ changes, drained }: { changes: string[]; drained: number }): string {
  const what = changes.length > 0 ? changes.join('; ') : 'nothing is different'
  return drained > 0 ? `${what}; ${plural(drained, 'connection')} being drained` : what
}

export { routeAlarm, upstreamState }

export type Tone = 'good' | 'warn' | 'bad'

export const stateWords: Record<UpstreamState, string> = {
  healthy: 'Healthy',
  unhealthy: 'Unhealthy',
  failing: 'Failing (not probed)',
  'not probed': 'Not probed',
  drained: 'Drained',
}

/** The state of the gateway in one sentence, the worst first. */
export function verdict(frame: DashboardFrame): { tone: Tone; words: string } {
  const { phase, unready, upgrade, drains, routes } = frame
  const drain = drains.find(({ scope, done }) => scope === 'gateway' && !done)
  if (drain) return { tone: 'warn', words: drainWords(drain) }
  if (phase !== 'serving') return { tone: 'warn', words: `The gateway is ${phase}` }
  if (unready !== undefined) return { tone: 'bad', words: `The gateway takes no traffic: ${unready}` }
  const [dead, ...more] = byUrgency(routes).filter((route) => routeAlarm(route))
  if (dead) {
    const either = more.length > 0 ? `; no upstream in ${namesOf(more)} either` : ''
    return { tone: 'bad', words: `${withoutUpstream(dead)}${either}` }
  }
  const held = routes.reduce((sum, { connections }) => sum + connections.held, 0)
  const heldToo = held > 0 ? `; ${plural(held, 'connection')} held` : ''
  const waiting = routes.filter((route) => route.waiting > 0)
  const waitingWords = plural(
    waiting.reduce((sum, route) => sum + route.waiting, 0),
    'new client',
  )
  const waitingToo = waiting.length > 0 ? `; ${waitingWords} waiting` : ''
  const upstreams = routes.flatMap((route) => route.upstreams)
  const [sick, ...others] = upstreams.filter((one) => isOut(one) && upstreamState(one) !== 'drained')
  if (sick && others.length === 0) {
    const words = `${sick.name} is ${upstreamState(sick)}: ${sick.lastError ?? 'no reason was given'}`
    return { tone: 'bad', words }
  }
  if (sick) {
    const words = `${others.length + 1} of ${plural(upstreams.length, 'upstream')} are unhealthy or failing`
    return { tone: 'bad', words }
  }
  if (upgrade && (upgrade.phase === 'starting' || upgrade.phase === 'moving'))
    return { tone: 'warn', words: upgradeWords(upgrade) }
  if (waiting.length > 0)
    return { tone: 'bad', words: `No upstream answers in ${namesOf(waiting)}${heldToo}${waitingToo}` }
  if (held > 0)
    return { tone: 'warn', words: `${plural(held, 'connection')} held until their upstream is back` }
  const drained = upstreams.filter((one) => upstreamState(one) === 'drained')
  if (drained.length > 0) {
    const words = `${drained.length} of ${plural(upstreams.length, 'upstream')} ${drained.length === 1 ? 'is' : 'are'} drained`
    return { tone: 'warn', words }
  }
  const unknown = upstreams.filter((one) => upstreamState(one) === 'not probed').length
  if (unknown > 0) {
    const words = `No upstream fails; ${unknown} of ${plural(upstreams.length, 'upstream')} ${unknown === 1 ? 'is' : 'are'} not probed`
    return { tone: 'good', words }
  }
  if (upstreams.length === 1) return { tone: 'good', words: 'The upstream is healthy' }
  return { tone: 'good', words: `All ${plural(upstreams.length, 'upstream')} are healthy` }
}

/** Routes without an upstream first, those with most clients that wait before the others; then those with an upstream out. */
export function byUrgency(routes: readonly DashboardRoute[]): DashboardRoute[] {
  const urgency = (route: DashboardRoute) => {
    const alarm = routeAlarm(route)
    if (alarm) return 2 + alarm.clients
    return route.upstreams.some(isOut) || route.connections.held + route.waiting > 0 ? 1 : 0
  }
  return routes.toSorted((a, b) => urgency(b) - urgency(a))
}

function namesOf(routes: DashboardRoute[]): string {
  const [first, second, ...others] = routes.map(({ name }) => name)
  if (!second) return `route ${first}`
  return others.length > 0 ? `${count(routes.length)} routes` : `the routes ${first} and ${second}`
}

/** Whether this stands for the codes of a thousand that are counted together: 4 for 4000 to 4999. */
export const isThousand = (code: number): boolean => code < 10

/** A close code as it is shown: 1012, or 4xxx. */
export const codeText = (code: number): string => (isThousand(code) ? `${code}xxx` : String(code))
