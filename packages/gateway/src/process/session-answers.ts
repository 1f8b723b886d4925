// The supervisor's end of what workers ask about sessions of the fleet: the one connection to the store is here.
import type { Fleet } from '../fleet/index.ts'
import type { SessionAnswer, SessionAsk } from '../worker/index.ts'

/** Never rejects: what the store does not answer is `away`. */
export async function answerAboutSessions(
  sessions: Fleet['sessions'] | undefined,
  about: SessionAsk,
): Promise<SessionAnswer> {
  if (!sessions) return { what: 'away' }
  try {
    switch (about.what) {
      case 'announce':
        return { what: 'announce', taken: await sessions.announce(about.forMs, about.sessions) }
      case 'find':
        return { what: 'find', found: await sessions.find(about.id) }
      case 'claim':
        return { what: 'claim', claimed: await sessions.claim(about.id, about.holder, about.forMs) }
      case 'forget':
        await sessions.forget(about.sessions)
        return { what: 'forget' }
    }
  } catch {
    // Said in the log by whoever watches the store.
    return { what: 'away' }
  }
}
