import { useEffect, useRef, useState } from 'preact/hooks'
import { useActions } from './actions.tsx'
import { Announcer } from './announcer.tsx'
import { CertificateNotes } from './certificate-notes.tsx'
import { ClosesCard } from './closes-card.tsx'
import { FleetCard } from './fleet-card.tsx'
import type { DashboardFrame } from './frame.ts'
import { Controls, Header } from './header.tsx'
import { Login } from './login.tsx'
import { useNarrow } from './narrow.ts'
import { NewsCard } from './news-card.tsx'
import { Numbers } from './numbers.tsx'
import { Progress } from './progress.tsx'
import { RecentCard } from './recent-card.tsx'
import { RoutesCard } from './routes-card.tsx'
import { CloseSeries } from './series.ts'
import { shareStream } from './shared-stream.ts'
import type { Link, Stream } from './stream.ts'
import { t } from './translate.ts'
import { WorkersCard } from './workers-card.tsx'

type Explainer = typeof import('./code-dialog.tsx').CodeDialog

interface Shown {
  link: Link
  frame?: DashboardFrame
}

/** What the gateway tells, from now on. */
function useStream() {
  const [{ link, frame }, setShown] = useState<Shown>({ link: 'connecting' })
  /** Whether somebody has to log in, and can log out. */
  const [locked, setLocked] = useState(false)
  const stream = useRef<Stream>(undefined)
  const series = useRef(new CloseSeries())

  useEffect(() => {
    let version: string | undefined
    stream.current = shareStream((told) => {
      if (told.frame) {
        // Another gateway may come with another page.
        if (version !== undefined && told.frame.version !== version) location.reload()
        version = told.frame.version
        series.current.take(told.frame.closes, told.frame.at)
      }
      if (told.link === 'login') setLocked(true)
      setShown((before) => ({ link: told.link, frame: told.frame ?? before.frame }))
    })
    void fetch('/api/session')
      .then((response) => response.json())
      .then(({ login }) => setLocked(login !== 'none'))
      .catch(() => {})
    return () => stream.current?.close()
  }, [])
  return { link, frame, locked, series: series.current, again: () => stream.current?.again() }
}

/** The explanation of a code, once somebody has asked for one. */
function useExplainer() {
  const [code, setCode] = useState<number>()
  const [explainer, setExplainer] = useState<{ CodeDialog: Explainer }>()
  // The explanations are larger than all the rest: they come when somebody asks for one.
  async function explain(asked: number): Promise<void> {
    setExplainer(await import('./code-dialog.tsx'))
    setCode(asked)
  }
  const explanation = code !== undefined && explainer && (
    <explainer.CodeDialog code={code} onClose={() => setCode(undefined)} />
  )
  return { explain, explanation }
}

export function App() {
  const { link, frame, locked, series, again } = useStream()
  const { explain, explanation } = useExplainer()
  const actions = useActions(frame)
  const narrow = useNarrow()
  if (link === 'login') return <Login onDone={again} />
  if (!frame)
    return (
      <p class="waiting">
        {link === 'lost' ? t('The gateway does not answer. Trying again…') : t('Connecting…')}
      </p>
    )
  // Out of the way of a thumb, where there is little room.
  const controls = <Controls link={link} locked={locked} actions={actions} onLogout={again} />
  return (
    <>
      <Header frame={frame} link={link}>
        {!narrow && controls}
      </Header>
      <main>
        {actions.results}
        <CertificateNotes frame={frame} />
        <Numbers frame={frame} series={series} />
        <Progress frame={frame} />
        <RoutesCard frame={frame} actions={actions} />
        <ClosesCard frame={frame} series={series} onCode={explain} />
        <div class="pair">
          <RecentCard frame={frame} onCode={explain} />
          <NewsCard frame={frame} />
        </div>
        <WorkersCard frame={frame} />
        <FleetCard frame={frame} />
        {narrow && <section aria-label={t('The gateway')}>{controls}</section>}
      </main>
      <Announcer frame={frame} link={link} />
      {actions.dialog}
      {explanation}
    </>
  )
}
