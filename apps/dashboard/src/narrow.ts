import { useEffect, useState } from 'preact/hooks'

const query = () => matchMedia('(max-width: 620px)')

/** Whether the page is as narrow as on a phone; the styles of style/narrow.css begin at the same width. */
export function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => query().matches)
  useEffect(() => {
    const list = query()
    const look = () => setNarrow(list.matches)
    list.addEventListener('change', look)
    return () => list.removeEventListener('change', look)
  }, [])
  return narrow
}
