// One stream for all pages of a browser: over HTTP/1.1 a browser opens only six connections to a host, and a seventh page
// would wait for ever.
import { openStream, type Stream, type Told } from './stream.ts'
import type { PortMessage } from './stream-worker.ts'

/** Where the browser has no shared workers, every page has its own stream, while somebody can see it. */
export function shareStream(tell: (told: Told) => void): Stream {
  if (typeof SharedWorker === 'undefined') return openWhileVisible(tell)
  const { port } = new SharedWorker(new URL('./stream-worker.ts', import.meta.url), { type: 'module' })
  const say = (message: PortMessage) => port.postMessage(message)
  port.onmessage = ({ data }) => tell(data as Told)
  // A page in the back-forward cache must not be told: nobody would read it.
  addEventListener('pagehide', () => say('leave'))
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) say('join')
  })
  say('join')
  return { again: () => say('again'), close: () => say('leave') }
}

function openWhileVisible(tell: (told: Told) => void): Stream {
  const stream = openStream(tell)
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') stream.again()
    else stream.close()
  })
  return stream
}
