// What an operator is asked before an action, what the action is, and how its end is said.

import { code } from '@holdfast/close-codes'
import { type Answer, post } from './api.ts'
import type { DashboardFrame, DashboardRoute, UpgradeInfo } from './frame.ts'
import { n, t } from './translate.ts'
import { connectionsText, drainedText, drainParts, duration, type Tone, upgradeWords } from './words.ts'

export interface DrainScope {
  route?: string
  upstream?: string
}

export interface Question {
  title: string
  text: string
  /** What is only known when it is asked: null has nothing to add. */
  more?: (() => Promise<string | null>) | undefined
  yes: string
  danger: boolean
  /** Said while it runs. */
  running: string
  act: () => Promise<Outcome>
}

export interface Outcome {
  tone: Tone
  words: string
  /** One line each. */
  details: string[]
}

/** The same as the gateway's own words for it; see `scopeText`. */
function whatOf({ route, upstream }: DrainScope): string {
  if (upstream !== undefined) return t('upstream {upstream}', { upstream })
  return route === undefined ? t('the whole gateway') : t('route {route}', { route })
}

export function drainQuestion(
  scope: DrainScope,
  shown: DashboardRoute | undefined,
  frame: DashboardFrame,
): Question {
  const { route, upstream } = scope
  const what = whatOf(scope)
  const connections =
    upstream === undefined
      ? connectionsOf(shown ? [shown] : frame.routes)
      : (shown?.upstreams ?? [])
          .filter(({ name }) => name === upstream)
          .reduce((sum, one) => sum + one.connections, 0)
  const text = [
    t('It concerns {connections}.', { connections: connectionsText(connections) }),
    upstream !== undefined &&
      t('Those of a route with hold move to another upstream; all others are closed.'),
    frame.drainPlan &&
      t(
        'They are closed with {code} one by one over {spread}, each client is told when to reconnect, and what is left after {deadline} is cut.',
        {
          code: code.serviceRestart,
          spread: duration(frame.drainPlan.spread),
          deadline: duration(frame.drainPlan.deadline),
        },
      ),
    upstream !== undefined
      ? t('New connections go to the other upstreams, until it is taken back.')
      : route !== undefined
        ? t('New clients of the route are told to reconnect later, until it is taken back.')
        : t(
            'The gateway takes no new ones, and its process ends when all are closed; what starts it (systemd, a container) may start it again.',
          ),
  ]
  return {
    title: t('Drain {what}?', { what }),
    text: text.filter(Boolean).join(' '),
    yes:
      upstream !== undefined
        ? t('Drain upstream')
        : route !== undefined
          ? t('Drain route')
          : t('Drain gateway'),
    danger: true,
    running: t('Draining {what}…', { what }),
    act: async () => {
      const answer = await post<{ closed: number; moved?: number; cut: number }>('/api/drain', scope)
      if (!answer.ok) return failed(t('{what} was not drained', { what }), answer)
      return good(`${t('Drained {what}: {parts}', { what, parts: drainParts(answer.value).join(', ') })}.`)
    },
  }
}

export function undrainQuestion(scope: DrainScope): Question {
  const { route = '', upstream } = scope
  const what =
    upstream === undefined ? whatOf(scope) : t('upstream {upstream} of route {route}', { upstream, route })
  return {
    title: t('Take back {what}?', { what }),
    text: t('It gets new clients again.'),
    yes: t('Take back'),
    danger: false,
    running: t('Taking back {what}…', { what }),
    act: async () => {
      const answer = await post<{ undrained: string[] }>('/api/undrain', scope)
      if (!answer.ok) return failed(t('{what} was not taken back', { what }), answer)
      return good(`${t('Taken back: {what}', { what: answer.value.undrained.join(', ') })}.`)
    },
  }
}

interface Reloaded {
  changes: string[]
  notes: string[]
  drained: number
}

export const reloadQuestion = (): Question => ({
  title: t('Reload the configuration?'),
  text: t(
    'The gateway reads its file again. An invalid file changes nothing; connections of routes and upstreams that are gone are drained.',
  ),
  more: async () => {
    const answer = await post<Reloaded>('/api/reload', { dryRun: true })
    if (!answer.ok)
      return t('It would be refused: {problems}', {
        problems: [answer.message, ...answer.problems].join('\n'),
      })
    const { changes, drained } = answer.value
    if (changes.length === 0) return t('Nothing is different in the file; certificates are read again.')
    const closed =
      drained > 0
        ? n(drained, '{n} connection would be closed.', '{n} connections would be closed.')
        : t('No connection would be closed.')
    return `${changes.join('; ')}. ${closed}`
  },
  yes: t('Reload'),
  danger: false,
  running: t('Reloading…'),
  act: async () => {
    const answer = await post<Reloaded>('/api/reload')
    if (!answer.ok) return failed(t('The configuration was not reloaded'), answer)
    const { changes, notes, drained } = answer.value
    const words =
      changes.length > 0 ? t('Configuration reloaded.') : t('Configuration reloaded: nothing is different.')
    return good(drained > 0 ? `${words} ${drainedText(drained)}.` : words, [...changes, ...notes])
  },
})

export const upgradeQuestion = ({ routes, drainPlan }: DashboardFrame): Question => ({
  title: t('Upgrade the gateway?'),
  text: [
    t(
      'New workers start from the code that is now on disk, and take over {connections} without closing them.',
      { connections: connectionsText(connectionsOf(routes)) },
    ),
    drainPlan &&
      t('What cannot move within {time} is closed with {code}.', {
        time: duration(drainPlan.deadline),
        code: code.serviceRestart,
      }),
    t('If the new workers do not start, the old ones go on.'),
  ]
    .filter(Boolean)
    .join(' '),
  yes: t('Upgrade'),
  danger: false,
  running: t('Upgrading…'),
  act: async () => {
    const answer = await post<UpgradeInfo>('/api/upgrade')
    if (!answer.ok) return failed(t('The gateway was not upgraded'), answer)
    return good(`${upgradeWords(answer.value)}.`)
  },
})

/** How many connections these have. */
function connectionsOf(routes: readonly DashboardRoute[]): number {
  return routes.reduce((sum, { connections: { open, held, closing } }) => sum + open + held + closing, 0)
}

function good(words: string, details: string[] = []): Outcome {
  return { tone: 'good', words, details }
}

function failed(what: string, { message, problems }: Extract<Answer<unknown>, { ok: false }>): Outcome {
  const start = what.charAt(0).toUpperCase() + what.slice(1)
  return { tone: 'bad', words: `${start}: ${message}.`, details: problems }
}
