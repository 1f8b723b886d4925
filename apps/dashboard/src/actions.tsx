// What an operator can do here: each action asks first, and says what came of it.
import { code } from '@holdfast/close-codes'
import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { type Answer, post } from './api.ts'
import { Dialog } from './dialog.tsx'
import type { DashboardFrame, DashboardRoute, UpgradeInfo } from './frame.ts'
import { drainParts, duration, plural, type Tone, upgradeWords } from './words.ts'

export interface DrainScope {
  route?: string
  upstream?: string
}

export interface Actions {
  /** `route`: that of the scope, as it is shown. */
  drain(scope: DrainScope, route?: DashboardRoute): void
  undrain(scope: DrainScope): void
  reload(): void
  upgrade(): void
  /** What is being asked, if anything. */
  dialog: VNode | false
  /** What came of the latest actions. */
  results: VNode
}

interface Question {
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

interface Outcome {
  tone: Tone
  words: string
  /** One line each. */
  details: string[]
}

interface Result extends Outcome {
  id: number
  running: boolean
}

/** Results that stay. */
const maxResults = 3
let ids = 0

export function useActions(frame: DashboardFrame | undefined): Actions {
  const [question, ask] = useState<Question>()
  const [results, setResults] = useState<Result[]>([])

  const put = (result: Result) =>
    setResults((all) => [result, ...all.filter(({ id }) => id !== result.id)].slice(0, maxResults))

  async function run({ running, act }: Question): Promise<void> {
    ask(undefined)
    const id = ++ids
    put({ id, running: true, tone: 'warn', words: running, details: [] })
    put({ id, running: false, ...(await act()) })
  }

  return {
    drain: (scope, route) => frame && ask(drainQuestion(scope, route, frame)),
    undrain: (scope) => ask(undrainQuestion(scope)),
    reload: () => ask(reloadQuestion),
    upgrade: () => frame && ask(upgradeQuestion(frame)),
    dialog: question !== undefined && (
      <Confirm question={question} onNo={() => ask(undefined)} onYes={() => void run(question)} />
    ),
    results: (
      <Results
        results={results}
        onDismiss={(id) => setResults((all) => all.filter((result) => result.id !== id))}
      />
    ),
  }
}

function Confirm({ question, onNo, onYes }: { question: Question; onNo: () => void; onYes: () => void }) {
  return (
    <Dialog labelledBy="question" onClose={onNo}>
      <h2 id="question">{question.title}</h2>
      <p>{question.text}</p>
      {question.more && <More ask={question.more} />}
      <div class="buttons">
        <button type="button" autofocus onClick={onNo}>
          Cancel
        </button>
        <button type="button" class={question.danger ? 'primary danger' : 'primary'} onClick={onYes}>
          {question.yes}
        </button>
      </div>
    </Dialog>
  )
}

function More({ ask }: { ask: () => Promise<string | null> }) {
  const [words, setWords] = useState<string | null>('Looking at what would change…')
  useEffect(() => {
    void ask().then(setWords)
  }, [ask])
  return words === null ? null : (
    <p class="more" aria-live="polite">
      {words}
    </p>
  )
}

function Results({ results, onDismiss }: { results: Result[]; onDismiss: (id: number) => void }) {
  return (
    <div class="results" role="status">
      {results.map(({ id, tone, words, details, running }) => (
        <div key={id} class={`result ${tone}`}>
          <p>
            <span class="mark" aria-hidden="true" />
            {words}
          </p>
          {details.length > 0 && (
            <ul>
              {details.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ul>
          )}
          {!running && (
            <button
              type="button"
              class="small"
              aria-label={`Dismiss: ${words}`}
              onClick={() => onDismiss(id)}
            >
              Dismiss
            </button>
          )}
        </div>
      ))}
    </div>
  )
}

function drainQuestion(
  scope: DrainScope,
  shown: DashboardRoute | undefined,
  frame: DashboardFrame,
): Question {
  const { route, upstream } = scope
  const what = upstream ? `upstream ${upstream}` : route ? `route ${route}` : 'the whole gateway'
  const clients = upstream
    ? (shown?.upstreams ?? [])
        .filter(({ name }) => name === upstream)
        .reduce((sum, one) => sum + one.connections, 0)
    : clientsOf(shown ? [shown] : frame.routes)
  const are = plural(clients, 'connection is', 'connections are')
  const closes = `closed with ${code.serviceRestart}${overTime(frame)}, and each client is told when to come back`
  const text = upstream
    ? `${plural(clients, 'connection')}: on a route with hold they move to another upstream; all others are ${closes}. New connections go to the other upstreams, until it is taken back.`
    : route
      ? `${are} ${closes}. New clients of the route are told to come back later, until it is taken back.`
      : `${are} ${closes}. The gateway takes no new ones, and its process ends when all are closed; what starts it (systemd, a container) may start it again.`
  return {
    title: `Drain ${what}?`,
    text,
    yes: upstream ? 'Drain upstream' : route ? 'Drain route' : 'Drain gateway',
    danger: true,
    running: `Draining ${what}…`,
    act: async () => {
      const answer = await post<{ closed: number; moved?: number; cut: number }>('/api/drain', scope)
      if (!answer.ok) return failed(`${what} was not drained`, answer)
      return good(`Drained ${what}: ${drainParts(answer.value).join(', ')}.`)
    },
  }
}

function undrainQuestion(scope: DrainScope): Question {
  const { route, upstream } = scope
  const what = upstream ? `upstream ${upstream} of route ${route}` : `route ${route}`
  return {
    title: `Take back ${what}?`,
    text: 'It gets new clients again.',
    yes: 'Take back',
    danger: false,
    running: `Taking back ${what}…`,
    act: async () => {
      const answer = await post<{ undrained: string[] }>('/api/undrain', scope)
      if (!answer.ok) return failed(`${what} was not taken back`, answer)
      return good(`Taken back: ${answer.value.undrained.join(', ')}.`)
    },
  }
}

const reloadQuestion: Question = {
  title: 'Reload the configuration?',
  text: 'The gateway reads its file again. An invalid file changes nothing; connections of routes and upstreams that are gone are drained.',
  more: async () => {
    const answer = await post<{ changes: string[]; notes: string[]; drained: number }>('/api/reload', {
      dryRun: true,
    })
    if (!answer.ok) return `It would be refused: ${[answer.message, ...answer.problems].join('\n')}`
    const { changes, drained } = answer.value
    if (changes.length === 0) return 'Nothing is different in the file; certificates are read again.'
    return `${changes.join('; ')}. ${drained > 0 ? `${plural(drained, 'connection')} would be closed.` : 'No connection would be closed.'}`
  },
  yes: 'Reload',
  danger: false,
  running: 'Reloading…',
  act: async () => {
    const answer = await post<{ changes: string[]; notes: string[]; drained: number }>('/api/reload')
    if (!answer.ok) return failed('The configuration was not reloaded', answer)
    const { changes, notes, drained } = answer.value
    const also = drained > 0 ? ` ${plural(drained, 'connection')} being drained.` : ''
    const words =
      changes.length > 0 ? 'Configuration reloaded.' : 'Configuration reloaded: nothing is different.'
    return good(words + also, [...changes, ...notes])
  },
}

const upgradeQuestion = (frame: DashboardFrame): Question => ({
  title: 'Upgrade the gateway?',
  text: `New workers start from the code that is now on disk, and take over ${plural(clientsOf(frame.routes), 'connection')} without closing them, those over plain TCP. What cannot move${frame.drainPlan ? ` within ${duration(frame.drainPlan.deadline)}` : ''} is closed with ${code.serviceRestart}. If the new workers do not start, the old ones go on.`,
  yes: 'Upgrade',
  danger: false,
  running: 'Upgrading…',
  act: async () => {
    const answer = await post<UpgradeInfo>('/api/upgrade')
    if (!answer.ok) return failed('The gateway was not upgraded', answer)
    return good(`${upgradeWords(answer.value)}.`)
  },
})

/** Connections and clients that wait for one. */
function clientsOf(routes: readonly DashboardRoute[]): number {
  return routes.reduce((sum, { connections: { open, held, closing } }) => sum + open + held + closing, 0)
}

/** ` one by one over 5 s; those that are left after 30 s are cut`. */
function overTime({ drainPlan }: DashboardFrame): string {
  if (!drainPlan) return ' one by one'
  const { spread, deadline } = drainPlan
  const over = spread > 0 ? ` one by one over ${duration(spread)}` : ' at once'
  return `${over} (what is left after ${duration(deadline)} is cut)`
}

function good(words: string, details: string[] = []): Outcome {
  return { tone: 'good', words, details }
}

function failed(what: string, { message, problems }: Extract<Answer<unknown>, { ok: false }>): Outcome {
  const start = what.charAt(0).toUpperCase() + what.slice(1)
  return { tone: 'bad', words: `${start}: ${message}.`, details: problems }
}
