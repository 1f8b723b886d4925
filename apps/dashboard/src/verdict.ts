// What stands at the top of the page: the state of the gateway in one sentence, and which of its routes comes first.
import {
  isOut,
  type RouteAlarm,
  routeAlarm,
  upstreamState,
} from '../../../packages/gateway/src/operate/route-alarm.ts'
import type { DashboardFrame, DashboardRoute, UpstreamInfo } from './frame.ts'
import { known, n, t } from './translate.ts'
import { count, drainWords, type Tone, upgradeWords, upstreamsText } from './words.ts'

export { routeAlarm, upstreamState }

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

export interface Verdict {
  tone: Tone
  words: string
}

/** The state of the gateway in one sentence, the worst first. */
export function verdict(frame: DashboardFrame): Verdict {
  const { upgrade, routes } = frame
  const upstreams = routes.flatMap((route) => route.upstreams)
  const bad = ofItself(frame) ?? ofDeadRoutes(routes) ?? ofSickUpstreams(upstreams)
  if (bad) return bad
  if (upgrade && (upgrade.phase === 'starting' || upgrade.phase === 'moving'))
    return { tone: 'warn', words: upgradeWords(upgrade) }
  return ofClients(routes) ?? ofUpstreams(upstreams)
}

/** That the gateway takes no clients, or soon will not. */
function ofItself({ phase, unready, drains }: DashboardFrame): Verdict | undefined {
  const drain = drains.find(({ scope, done }) => scope === 'gateway' && !done)
  if (drain) return { tone: 'warn', words: drainWords(drain) }
  if (phase !== 'serving')
    return { tone: 'warn', words: t('The gateway is {phase}', { phase: known(phase) }) }
  if (unready !== undefined)
    return { tone: 'bad', words: t('The gateway takes no traffic: {reason}', { reason: unready }) }
  return undefined
}

function ofDeadRoutes(routes: readonly DashboardRoute[]): Verdict | undefined {
  const [dead, ...more] = byUrgency(routes).filter((route) => routeAlarm(route))
  if (!dead) return undefined
  const either = more.length > 0 ? t('; no upstream in {routes} either', { routes: namesOf(more) }) : ''
  return { tone: 'bad', words: `${alarmWords(dead, routeAlarm(dead)!)}${either}` }
}

function ofSickUpstreams(upstreams: readonly UpstreamInfo[]): Verdict | undefined {
  const [sick, ...others] = upstreams.filter((one) => isOut(one) && upstreamState(one) !== 'drained')
  if (!sick) return undefined
  if (others.length > 0) {
    const values = { n: count(others.length + 1), upstreams: upstreamsText(upstreams.length) }
    return { tone: 'bad', words: t('{n} of {upstreams} are unhealthy or failing', values) }
  }
  const values = { upstream: sick.name, error: sick.lastError ?? t('no reason was given') }
  const words =
    upstreamState(sick) === 'failing'
      ? t('{upstream} is failing: {error}', values)
      : t('{upstream} is unhealthy: {error}', values)
  return { tone: 'bad', words }
}

/** That clients wait for an upstream, or are held until theirs is back. */
function ofClients(routes: readonly DashboardRoute[]): Verdict | undefined {
  const held = routes.reduce((sum, { connections }) => sum + connections.held, 0)
  const waiting = routes.filter((route) => route.waiting > 0)
  if (waiting.length > 0) {
    const clients = waiting.reduce((sum, route) => sum + route.waiting, 0)
    const words = [
      t('No upstream answers in {routes}', { routes: namesOf(waiting) }),
      held > 0 ? n(held, '; {n} connection held', '; {n} connections held') : '',
      n(clients, '; {n} new client waiting', '; {n} new clients waiting'),
    ]
    return { tone: 'bad', words: words.join('') }
  }
  if (held === 0) return undefined
  const words = n(
    held,
    '{n} connection held until their upstream is back',
    '{n} connections held until their upstream is back',
  )
  return { tone: 'warn', words }
}

/** Of upstreams none of which is known to be sick. */
function ofUpstreams(upstreams: readonly UpstreamInfo[]): Verdict {
  const all = upstreamsText(upstreams.length)
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
