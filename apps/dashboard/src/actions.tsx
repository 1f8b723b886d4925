// What an operator can do here: each action asks first, and says what came of it.

import type { VNode } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Dialog } from './dialog.tsx'
import type { DashboardFrame, DashboardRoute } from './frame.ts'
import {
  type DrainScope,
  drainQuestion,
  type Outcome,
  type Question,
  reloadQuestion,
  undrainQuestion,
  upgradeQuestion,
} from './questions.ts'
import { t } from './translate.ts'

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
    reload: () => ask(reloadQuestion()),
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
          {t('Cancel')}
        </button>
        <button type="button" class={question.danger ? 'primary danger' : 'primary'} onClick={onYes}>
          {question.yes}
        </button>
      </div>
    </Dialog>
  )
}

function More({ ask }: { ask: () => Promise<string | null> }) {
  const [words, setWords] = useState<string | null>(() => t('Looking at what would change…'))
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
              aria-label={t('Dismiss: {words}', { words })}
              onClick={() => onDismiss(id)}
            >
              {t('Dismiss')}
            </button>
          )}
        </div>
      ))}
    </div>
  )
}
