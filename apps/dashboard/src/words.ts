// Numbers, times and events in words.
import {
  isOut,
  type RouteAlarm,
  routeAlarm,
  upstreamState,
} from '../../../packages/gateway/src/operate/route-alarm.ts'
import type {
  DashboardFrame,
  DashboardRoute,
  DrainInfo,
  NotableEvent,
  UpgradeInfo,
  UpstreamState,
} from './frame.ts'
import type { Text } from './texts/english.ts'
import { chosen, known, n, t } from './translate.ts'

export const count = (value: number): string => chosen.whole.format(Math.round(value))

/** One digit after the point where it matters. */
export const rate = (value: number): string =>
  value > 0 && value < 9.95 ? chosen.tenth.format(value) : count(value)

export const time = (at: number): string => chosen.clock.format(at)

export const connectionsText = (value: number): string => n(value, '{n} connection', '{n} connections')

const upstreamsText = (value: number): string => n(value, '{n} upstream', '{n} upstreams')

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000
  return `${unit > 0 && value < 9.95 ? chosen.tenth.format(value) : count(value)} ${units[unit]}`
}

export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([value]) => value > 0)
  if (first < 0) return '0 s'
  return parts
    .slice(first, first + 2)
    .map(([value, unit]) => `${value} ${unit}`)
    .join(' ')
}

export const seconds = (ms: number): string => `${chosen.tenth.format(ms / 1000)} s`

/** What is drained, as the gateway names it: `gateway`, `route chat`, `upstream ws://…`. */
export function scopeText(scope: string): string {
  if (scope === 'gateway') return t('the whole gateway')
  const [, kind, name = ''] = /^(route|upstream) (.*)$/s.exec(scope) ?? []
  if (kind === 'route') return t('route {route}', { route: name })
  return kind === 'upstream' ? t('upstream {upstream}', { upstream: name }) : scope
}

export function drainWords({ scope, total, closed, moved, cut, done }: DrainInfo): string {
  const what = scopeText(scope)
  const parts = drainParts({ closed, moved, cut }).join(', ')
  return done
    ? t('Drained {what}: {parts}', { what, parts })
    : t('Draining {what}: {parts} of {connections}', { what, parts, connections: connectionsText(total) })
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
  const parts = [t('{n} closed', { n: count(closed) })]
  if (moved > 0) parts.push(t('{n} moved to another upstream', { n: count(moved) }))
  if (cut > 0) parts.push(t('{n} cut at the deadline', { n: count(cut) }))
  return parts
}

export function upgradeWords(info: UpgradeInfo): string {
  const { phase, from, to, total, moved, ended, lost = 0, ms, error } = info
  const version = to ?? t('the new version')
  switch (phase) {
    case 'starting':
      return t('Upgrading from {from}: the new workers are starting', { from })
    case 'moving':
      return t('Upgrading to {version}: {n} of {connections} moved', {
        version,
        n: count(moved),
        connections: connectionsText(total),
      })
    case 'done':
      return [
        t('Upgraded to {version}: {connections} moved', { version, connections: connectionsText(moved) }),
        ended > 0 ? t(', {n} ended with their old worker', { n: count(ended) }) : '',
        lost > 0 ? t(', {n} lost', { n: count(lost) }) : '',
        ms === undefined ? '' : t(' in {time}', { time: seconds(ms) }),
      ].join('')
    case 'failed':
      return t('The upgrade failed, the old workers go on: {error}', {
        error: error ?? t('no reason was given'),
      })
  }
}

export function newsWords(news: NotableEvent): string {
  switch (news.type) {
    case 'health': {
      const { upstream, route, state, healthy, error = t('no reason was given') } = news
      if (healthy)
        return state === 'not probed'
          ? t('{upstream} answers again (route {route})', { upstream, route })
          : t('{upstream} is healthy (route {route})', { upstream, route })
      return state === 'failing'
        ? t('{upstream} is failing (route {route}): {error}', { upstream, route, error })
        : t('{upstream} is unhealthy (route {route}): {error}', { upstream, route, error })
    }
    case 'worker':
      return news.state === 'ready'
        ? t('Worker {n} is ready', { n: news.worker })
        : t('Worker {n} has ended', { n: news.worker })
    case 'reload':
      return t('Configuration reloaded: {what}', { what: reloadWords(news) })
    case 'undrain':
      return t('Taken back: {what}', { what: news.parts.map(scopeText).join(', ') })
    case 'drain':
      return drainWords(news.drain)
    case 'upgrade':
      return upgradeWords(news.upgrade)
  }
}

export function reloadWords({ changes, drained }: { changes: string[]; drained: number }): string {
  const what = changes.length > 0 ? changes.join('; ') : t('nothing is different')
  return drained > 0 ? `${what}; ${drainedText(drained)}` : what
}

export const drainedText = (drained: number): string =>
  n(drained, '{n} connection being drained', '{n} connections being drained')

export { routeAlarm, upstreamState }

export type Tone = 'good' | 'warn' | 'bad'

const stateTexts = {
  healthy: 'Healthy',
  unhealthy: 'Unhealthy',
  failing: 'Failing (not probed)',
  'not probed': 'Not probed',
  drained: 'Drained',
} as const satisfies Record<UpstreamState, Text>

export const stateWords = (state: UpstreamState): string => t(stateTexts[state])

/** The alarm of `withoutUpstream`, in the language of the page. */
function alarmWords(
  { name: route }: DashboardRoute,
  { clients, firstInSeconds, reasons }: RouteAlarm,
): string {
  if (clients === 0)
    return t('{route} has no upstream: {reasons}', { route, reasons: reasons.map(known).join(', ') })
  const wait = n(
    clients,
    '{route} has no upstream: {n} client waits',
    '{route} has no upstream: {n} clients wait',
    { route },
  )
  return firstInSeconds === undefined
    ? wait
    : wait + t(', the first is sent away in {n} s', { n: firstInSeconds })
}

/** The state of the gateway in one sentence, the worst first. */
export function verdict(frame: DashboardFrame): { tone: Tone; words: string } {
  const { phase, unready, upgrade, drains, routes } = frame
  const drain = drains.find(({ scope, done }) => scope === 'gateway' && !done)
  if (drain) return { tone: 'warn', words: drainWords(drain) }
  if (phase !== 'serving')
    return { tone: 'warn', words: t('The gateway is {phase}', { phase: known(phase) }) }
  if (unready !== undefined)
    return { tone: 'bad', words: t('The gateway takes no traffic: {reason}', { reason: unready }) }
  const [dead, ...more] = byUrgency(routes).filter((route) => routeAlarm(route))
  if (dead) {
    const either = more.length > 0 ? t('; no upstream in {routes} either', { routes: namesOf(more) }) : ''
    return { tone: 'bad', words: `${alarmWords(dead, routeAlarm(dead)!)}${either}` }
  }
  const held = routes.reduce((sum, { connections }) => sum + connections.held, 0)
  const waiting = routes.filter((route) => route.waiting > 0)
  const upstreams = routes.flatMap((route) => route.upstreams)
  const [sick, ...others] = upstreams.filter((one) => isOut(one) && upstreamState(one) !== 'drained')
  if (sick && others.length === 0) {
    const values = { upstream: sick.name, error: sick.lastError ?? t('no reason was given') }
    const words =
      upstreamState(sick) === 'failing'
        ? t('{upstream} is failing: {error}', values)
        : t('{upstream} is unhealthy: {error}', values)
    return { tone: 'bad', words }
  }
  const all = upstreamsText(upstreams.length)
  if (sick) {
    const values = { n: count(others.length + 1), upstreams: all }
    return { tone: 'bad', words: t('{n} of {upstreams} are unhealthy or failing', values) }
  }
  if (upgrade && (upgrade.phase === 'starting' || upgrade.phase === 'moving'))
    return { tone: 'warn', words: upgradeWords(upgrade) }
  if (waiting.length > 0) {
    const clients = waiting.reduce((sum, route) => sum + route.waiting, 0)
    const words = [
      t('No upstream answers in {routes}', { routes: namesOf(waiting) }),
      held > 0 ? n(held, '; {n} connection held', '; {n} connections held') : '',
      n(clients, '; {n} new client waiting', '; {n} new clients waiting'),
    ]
    return { tone: 'bad', words: words.join('') }
  }
  if (held > 0) {
    const words = n(
      held,
      '{n} connection held until their upstream is back',
      '{n} connections held until their upstream is back',
    )
    return { tone: 'warn', words }
  }
  const drained = upstreams.filter((one) => upstreamState(one) === 'drained').length
  if (drained > 0) {
    const words = n(drained, '{n} of {upstreams} is drained', '{n} of {upstreams} are drained', {
      upstreams: all,
    })
    return { tone: 'warn', words }
  }
  const unknown = upstreams.filter((one) => upstreamState(one) === 'not probed').length
  if (unknown > 0) {
    const words = n(
      unknown,
      'No upstream fails; {n} of {upstreams} is not probed',
      'No upstream fails; {n} of {upstreams} are not probed',
      { upstreams: all },
    )
    return { tone: 'good', words }
  }
  if (upstreams.length === 1) return { tone: 'good', words: t('The upstream is healthy') }
  return { tone: 'good', words: t('All {upstreams} are healthy', { upstreams: all }) }
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
  if (first !== undefined && second === undefined) return t('route {route}', { route: first })
  return others.length > 0
    ? t('{n} routes', { n: count(routes.length) })
    : t('the routes {first} and {second}', { first: first!, second: second! })
}

/** Whether this stands for the codes of a thousand that are counted together: 4 for 4000 to 4999. */
export const isThousand = (code: number): boolean => code < 10

/** A close code as it is shown: 1012, or 4xxx. */
export const codeText = (code: number): string => (isThousand(code) ? `${code}xxx` : String(code))
