// What a replay module is: the interface that each protocol, and a user's own file, implements. docs/replay.md.
import type { Message } from '../../wire/index.ts'

/** A message that the next upstream is sent. */
export type ReplayMessage = Message & {
  /**
   * Milliseconds that the upstream has to send a message of its own before the next one follows; when it has sent none,
   * the next one follows all the same. Default: 0, the next one follows at once.
   */
  answerWithinMs?: number
}

/**
 * Follows one client connection through all its upstreams. It is told what passes, in order, and is asked when the
 * gateway puts the client to its next upstream: `answer`, `replay`, `rest`, then `swallow` for what that upstream
 * sends. The next upstream can be lost, too, before it has said anything; then all is asked again.
 *
 * A method that throws ends its connection with close code 1011 and is logged; no other connection notices. When `save`
 * throws, or `create` with what was saved, the connection stays with its old process until `drain.deadline`.
 */
export interface Replay {
  /** A message of the client's that has been sent to an upstream. What waits for the next upstream is not shown before. */
  onClient(message: Message): void
  /** A message of an upstream that is handed on to the client. */
  onUpstream(message: Message): void
  /**
   * A message that is longer than `hold.buffer` has begun to pass, which the module is not shown. Called once or more
   * for each. Default: it does not matter.
   */
  onUnread?(from: 'client' | 'upstream'): void
  /**
   * Messages for the client in place of answers that will not come any more, such as an error for a request that was
   * in flight and must not run twice. Asked once per re-attachment, before `replay`. Default: none.
   */
  answer?(): Message[]
  /** What the next upstream is sent first, in order, ahead of anything of the client's. */
  replay(): ReplayMessage[]
  /**
   * What the next upstream is sent after the last of these, for protocols in which it has to answer first. Asked after `replay`
   * and, while it returns undefined, again after each message of the upstream (after `swallow` and `onUpstream`). As
   * long as it does, nothing of the client's is sent. Default: nothing more, at once.
   */
  rest?(): Message[] | undefined
  /**
   * Whether the next upstream has answered what the client's own messages need, such as the subscriptions that they are
   * about. Asked after `rest`, and while it is false, again after each message of the upstream. As long as it is, nothing
   * of the client's is sent; a live upgrade then asks for `rest` once more, in the new process. Default: true.
   */
  settled?(): boolean
  /**
   * Called for each message of an upstream from the moment of a re-attachment on. False: the client gets it, as ever.
   * True: the client does not, because it has had it from an earlier upstream, such as a second acknowledgement. An
   * array: the client gets these in its place.
   */
  swallow(message: Message): boolean | Message[]
  /**
   * Whether `replay` and `rest` can set up again all that the client has set up. Asked when the upstream has gone, when
   * the next one is there, and after each message of that one while `rest` is awaited. False: unless the next upstream
   * says that it has restored the session itself, the client is told 1012, to come back by itself. A module that meets
   * what it does not know answers so, and never guesses. Default: true.
   */
  restores?(): boolean
  /**
   * Whether its client may be held at all. False: the connection is as on a route without `hold`; for protocols whose
   * clients come back best when they hear of a loss at once. Default: true.
   */
  holds?(): boolean
  /**
   * Whether it wants to see no more of this conversation, whatever comes; asked after each message. It then goes on to be
   * asked what it is asked behind a re-attachment. Default: false.
   */
  over?(): boolean
  /**
   * All that the module knows, as data that JSON can carry: a live upgrade of the gateway takes it to the new process,
   * where it is given to `create`. A module without it starts anew there.
   */
  save?(): unknown
}

/** Makes a `Replay` for each client connection. A user's file has one as its default export, or its `create` alone. */
export interface ReplayModule {
  /**
   * Whether the upstream's messages are shown, too. Default true. False saves the work of reading them: then
   * `onUpstream` and `swallow` are never called.
   */
  needsUpstream?: boolean
  /** Called once per client connection. `saved`: what `save` returned before a live upgrade; undefined otherwise. */
  create(saved?: unknown): Replay
}
