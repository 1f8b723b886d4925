import type { ComponentChildren } from 'preact'
import type { Actions } from './actions.tsx'
import { post } from './api.ts'
import type { DashboardFrame } from './frame.ts'
import type { Link } from './stream.ts'
import { known, t } from './translate.ts'
import { verdict } from './verdict.ts'
import { duration, type Tone, time } from './words.ts'

interface Props {
  frame: DashboardFrame
  link: Link
  children: ComponentChildren
}

export function Header({ frame, link, children }: Props) {
  const { tone, words } = standing(frame, link)
  return (
    <header>
      <div class="bar">
        <h1>Holdfast</h1>
        <p class="about">
          {frame.version} · {known(frame.phase)} · {t('up {time}', { time: duration(frame.uptime) })}
          {frame.listen.map((url) => (
            <span key={url} class="url">
              {url}
            </span>
          ))}
        </p>
        {children}
      </div>
      <p class={`verdict ${tone}`}>
        <span class="mark" aria-hidden="true" />
        {words}
      </p>
    </header>
  )
}

interface ControlsProps {
  link: Link
  /** Whether there is somebody to log out. */
  locked: boolean
  actions: Actions
  onLogout: () => void
}

/** What can be done with the gateway as a whole. */
export function Controls({ link, locked, actions, onLogout }: ControlsProps) {
  const lost = link !== 'live'
  return (
    <div class="buttons">
      <button type="button" disabled={lost} onClick={actions.reload}>
        {t('Reload')}
      </button>
      <button type="button" disabled={lost} onClick={actions.upgrade}>
        {t('Upgrade')}
      </button>
      <button type="button" class="danger" disabled={lost} onClick={() => actions.drain({})}>
        {t('Drain gateway')}
      </button>
      {locked && (
        <button type="button" onClick={() => void post('/api/logout').then(onLogout)}>
          {t('Log out')}
        </button>
      )}
    </div>
  )
}

function standing(frame: DashboardFrame, link: Link): { tone: Tone; words: string } {
  if (link === 'live') return verdict(frame)
  return {
    tone: 'bad',
    words: t('No connection to the gateway; this is how it was at {time}. Trying again…', {
      time: time(frame.at),
    }),
  }
}
