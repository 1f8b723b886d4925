import type { Actions } from './actions.tsx'
import { post } from './api.ts'
import type { DashboardFrame } from './frame.ts'
import type { Link } from './stream.ts'
import { duration, type Tone, time, verdict } from './words.ts'

interface Props {
  frame: DashboardFrame
  link: Link
  /** Whether there is somebody to log out. */
  locked: boolean
  actions: Actions
  onLogout: () => void
}

export function Header({ frame, link, locked, actions, onLogout }: Props) {
  const { tone, words } = standing(frame, link)
  const lost = link !== 'live'
  return (
    <header>
      <div class="bar">
        <h1>Holdfast</h1>
        <p class="about">
          {frame.version} · {frame.phase} · up {duration(frame.uptime)}
          {frame.listen.map((url) => (
            <span key={url} class="url">
              {url}
            </span>
          ))}
        </p>
        <div class="buttons">
          <button type="button" disabled={lost} onClick={actions.reload}>
            Reload
          </button>
          <button type="button" disabled={lost} onClick={actions.upgrade}>
            Upgrade
          </button>
          <button type="button" class="danger" disabled={lost} onClick={() => actions.drain({})}>
            Drain gateway
          </button>
          {locked && (
            <button type="button" onClick={() => void post('/api/logout').then(onLogout)}>
              Log out
            </button>
          )}
        </div>
      </div>
      <p class={`verdict ${tone}`}>
        <span class="mark" aria-hidden="true" />
        {words}
      </p>
    </header>
  )
}

function standing(frame: DashboardFrame, link: Link): { tone: Tone; words: string } {
  if (link === 'live') return verdict(frame)
  return {
    tone: 'bad',
    words: `No connection to the gateway; this is how it was at ${time(frame.at)}. Trying again…`,
  }
}
