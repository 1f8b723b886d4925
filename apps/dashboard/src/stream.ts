// The stream of frames from the gateway: connects, and connects again.
import type { DashboardFrame } from './frame.ts'

/** login: the gateway wants a token first. */
export type Link = 'connecting' | 'live' | 'lost' | 'login'

export interface Told {
  link: Link
  frame?: DashboardFrame
}

export interface Stream {
  /** Tries again at once: somebody has logged in, or out. */
  again(): void
  close(): void
}

/** Milliseconds without a frame after which the stream counts as dead, and until the next try. */
const silentMs = 10_000
const retryAfterMs = 1000

export function openStream(tell: (told: Told) => void): Stream {
  let source: EventSource | undefined
  let timer: ReturnType<typeof setTimeout> | undefined
  let round = 0

  function connect(): void {
    stop()
    source = new EventSource('/api/frames')
    source.addEventListener('frame', ({ data }) => {
      tell({ link: 'live', frame: JSON.parse(data) })
      wait(silentMs, broken)
    })
    source.onerror = broken
    wait(silentMs, broken)
  }

  function broken(): void {
    stop()
    tell({ link: 'lost' })
    void ask()
  }

  /** An event source does not say why it failed. */
  async function ask(): Promise<void> {
    const mine = ++round
    const needed = await loginNeeded().catch(() => false)
    if (mine !== round) return
    if (needed) tell({ link: 'login' })
    else wait(retryAfterMs, connect)
  }

  function wait(ms: number, then: () => void): void {
    clearTimeout(timer)
    timer = setTimeout(then, ms)
  }

  function stop(): void {
    round++
    clearTimeout(timer)
    source?.close()
    source = undefined
  }

  void loginNeeded().then(
    (needed) => (needed ? tell({ link: 'login' }) : connect()),
    () => broken(),
  )
  return { again: connect, close: stop }
}

async function loginNeeded(): Promise<boolean> {
  const response = await fetch('/api/session', { signal: AbortSignal.timeout(silentMs) })
  const { login } = (await response.json()) as { login: string }
  return login === 'needed'
}
