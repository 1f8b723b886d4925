import { useEffect, useRef, useState } from 'preact/hooks'
import type { DashboardFrame } from './frame.ts'
import type { Link } from './stream.ts'
import { t } from './translate.ts'
import { newsWords } from './words.ts'

/** Says to a screen reader what happens, and not every number that changes. */
export function Announcer({ frame: { news }, link }: { frame: DashboardFrame; link: Link }) {
  const [said, say] = useState('')
  const latest = useRef(news[0]?.id ?? 0)
  useEffect(() => {
    const fresh = news.filter(({ id }) => id > latest.current)
    if (fresh.length === 0) return
    latest.current = fresh[0]!.id
    say(fresh.map(newsWords).join('. '))
  }, [news])
  useEffect(() => {
    if (link === 'lost') say(t('The connection to the gateway is lost'))
  }, [link])
  return (
    <p class="hidden" aria-live="polite">
      {said}
    </p>
  )
}
