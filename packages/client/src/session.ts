import type { ResumeEvent, SessionEnd } from './close-event.ts'
import type { Connection, Data, WebSocketClass } from './connection.ts'

/**
 * A session in the place of a connection: each time that the socket connects it is dialled again, and is open from `welcome`
 * on. With a server that does not resume it is the connection. Source: PROTOCOL.md.
 */
export interface Session extends Connection {
  protocol: string
  /** What the `resume` event is to say; false: the session has just begun. */
  resumed?: Pick<ResumeEvent, 'awayMs' | 'lost' | 'doubled'> | false
  /** Something went through on the latest connection. */
  moved?: boolean
  /** The session had a connection until now, and goes on. */
  isCut?: boolean
  /** The connection ended in a way that ends the session too. */
  isOver?: boolean
  /** Whether there is a session, with a connection or without. */
  readonly isAlive: boolean
  /** Takes messages that no connection was given. */
  keep(waiting: Data[]): void
  /** Forgets the session, and says what has become of its messages. */
  end(): SessionEnd
  /** Makes the next connection of the session, or of a new one. */
  dial(Class: WebSocketClass, url: string, protocols: string | string[]): Session
}
