// The state of one connection, what can happen to it, and what is then to be done: types only.

import type { ClosedBy, LetGo } from '../core/index.ts'
import type { Holdable } from '../hold/index.ts'
import type { CloseAction, CloseCause, ClosePolicy, SideName } from './close-cause.ts'
/**
 * How far one side is in its closing handshake (RFC 6455 7.1):
 * open     no Close either way
 * told     it was sent a Close and owes the answer
 * heard    it sent a Close and is owed the answer
 * finished both have passed; only TCP is left to end
 * gone     nothing more can be said to it or heard from it
 */
export type Half = 'open' | 'told' | 'heard' | 'finished' | 'gone'

/** How the connection ended, as the client saw it; 1006 when no Close reached it or came from it. */
export interface Verdict {
  code: number
  reason: string
  by: ClosedBy
}

export type ConnectionState =
  | { name: 'open' }
  /**
   * The upstream is about to go, by its own word or by the operator's: the client's messages stop at a message's end,
   * and from then on (`quiet`) they are kept for the next upstream.
   */
  | { name: 'leaving'; by: 'upstream' | 'gateway'; quiet: boolean }
  /** The upstream has closed with a code that may say that it restarts; whether it stops is being found out. */
  | { name: 'judging'; close: CloseCame }
  /** The upstream is gone and the next one is being looked for. */
  | { name: 'held' }
  /**
   * The client has broken a rule and nothing more of it is read. What the upstream still answers to what came before is
   * handed on first; then both are told.
   */
  | { name: 'failing'; cause: CloseCause; upstream?: Circumstances['upstream'] }
  | {
      name: 'closing'
      client: Half
      upstream: Half
      verdict: Verdict
      /** What the upstream is told once the client has answered its Close or is gone. */
      afterwards?: CloseAction
    }
  | { name: 'closed'; verdict: Verdict }

/** A Close frame came, as it stands in `frame`; no code when its body was empty. */
export interface CloseCame {
  type: 'close-frame'
  from: SideName
  code?: number
  reason: string
  frame: Buffer
}

export type ConnectionEvent =
  | CloseCame
  /** The side's TCP has ended, with or without a reset. */
  | { type: 'ended'; side: SideName; insideFrame: boolean }
  /** The Close that was to be said could not be said before TCP ended. */
  | { type: 'unsaid'; side: SideName }
  /** A row of the close table other than a Close frame or the end of TCP. */
  | { type: 'happened'; cause: CloseCause }
  /** The time that the sides had for their closing handshakes is over. */
  | { type: 'too-late' }
  /** Both sides go now, whatever they are owed. `untold`: what the client was sent last has not gone out. */
  | { type: 'cut'; untold?: boolean }
  /** The upstream's Ping that asks for silence before its Close (@holdfast/restart). */
  | { type: 'drain-ping' }
  /** The operator takes the upstream away. */
  | { type: 'upstream-drained' }
  /** The client's last message to this upstream has ended; what follows is kept. */
  | { type: 'quiet' }
  /** It is known whether the upstream that has closed stops, or has sent this client away. */
  | { type: 'judged'; stops: boolean }
  /** Another upstream is there. */
  | { type: 'attached' }
  /** The upstream has answered the Ping behind all that it was sent. */
  | { type: 'answered' }

export type ConnectionAction =
  /** Hand on a Close frame that came. */
  | { do: 'forward-close'; to: SideName; frame: Buffer }
  | { do: 'send-close'; to: SideName; code?: number; reason: string }
  /** End TCP after what is written has gone out. */
  | { do: 'end'; side: SideName }
  /** Let the peer end TCP first, within a limit. */
  | { do: 'await-end'; side: SideName }
  /** End TCP now. */
  | { do: 'destroy'; side: SideName }
  /** Start the time for closing handshakes anew. */
  | { do: 'wait' }
  /** Keep the client's messages for the next upstream, from the end of the current one on; then say 'quiet'. */
  | { do: 'quieten' }
  /** Answer the upstream's drain Ping, behind everything that it was sent. */
  | { do: 'answer-drain' }
  /** Send the upstream a Ping behind all that it was sent, and start the time for its answers. */
  | { do: 'ask-last' }
  /** Start the time that the upstream has to go. */
  | { do: 'wait-departure' }
  /** Hand the kept messages on to the upstream after all. */
  | { do: 'release' }
  /** Answer the upstream's Close and let go of it, keep what the client sends, find out whether it stops, say 'judged'. */
  | { do: 'judge'; code: number | undefined }
  /** Let go of the upstream, with an answer to its Close where one is due, and look for the next one. */
  | { do: 'hold'; code: number; echo: boolean }
  /** Count a client that could have been held, and is told 1012 instead. */
  | { do: 'let-go'; why: LetGo; departed: number }
  /** The next upstream gets what was kept, and the client is read again. */
  | { do: 'resume' }

export type Step = [ConnectionState, ConnectionAction[]]

/** What the gateway needs to know besides the event. */
export interface Circumstances {
  closePolicy: ClosePolicy
  /** The delay, in milliseconds, for a `retry=` that the gateway adds of its own. */
  retry: () => number
  /** Present where the route holds its clients. */
  hold?: Holdable
  /** The upstream was sent something, so that it may have answers under way. */
  owes?: boolean
  /** Present when the upstream is gone already, or was told that it goes. */
  upstream?: Extract<Half, 'gone' | 'told'>
}
