// A page is told nothing of a handshake that failed: not the status, not the body. A Holdfast gateway answers a request
// for the same URL with what its Close would have said.
import { code as codes, mayTravel } from '@holdfast/close-codes'

/** What decides when to come back: the code and the reason of a Close. */
export interface Refusal {
  readonly code: number
  readonly reason: string
}

/** Milliseconds that the answer may take. */
const timeoutMs = 2000

/** Asks the server of a WebSocket why it refused the handshake. Undefined: no Holdfast gateway has answered. */
export async function askWhy(url: string): Promise<Refusal | undefined> {
  try {
    const { body } = await fetch(url.replace('ws', 'http'), {
      headers: { Accept: 'application/vnd.holdfast.close+json' },
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(timeoutMs),
    } as RequestInit)
    // So little comes in one chunk, and no more of it is read.
    const { value } = await body!.getReader().read()
    const { code = codes.badGateway, retry } = JSON.parse(new TextDecoder().decode(value))
    if (mayTravel(code) && retry >= 0) return { code, reason: `retry=${retry}` }
  } catch {}
  return undefined
}
