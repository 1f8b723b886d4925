// Numbers, times and events in words.
import type { DrainInfo, NotableEvent, UpgradeInfo, UpstreamState } from './frame.ts'
import type { Text } from './texts/english.ts'
import { chosen, n, t } from './translate.ts'

export const count = (value: number): string => chosen.whole.format(Math.round(value))

/** One digit after the point where it matters. */
export const rate = (value: number): string =>
  value > 0 && value < 9.95 ? chosen.tenth.format(value) : count(value)

export const time = (at: number): string => chosen.clock.format(at)

export const connectionsText = (value: number): string => n(value, '{n} connection', '{n} connections')

export const upstreamsText = (value: number): string => n(value, '{n} upstream', '{n} upstreams')

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

export type Tone = 'good' | 'warn' | 'bad'

const stateTexts = {
  healthy: 'Healthy',
  unhealthy: 'Unhealthy',
  failing: 'Failing (not probed)',
  'not probed': 'Not probed',
  drained: 'Drained',
} as const satisfies Record<UpstreamState, Text>

export const stateWords = (state: UpstreamState): string => t(stateTexts[state])

/** Whether this stands for the codes of a thousand that are counted together: 4 for 4000 to 4999. */
export const isThousand = (code: number): boolean => code < 10

/** A close code as it is shown: 1012, or 4xxx. */
export const codeText = (code: number): string => (isThousand(code) ? `${code}xxx` : String(code))
