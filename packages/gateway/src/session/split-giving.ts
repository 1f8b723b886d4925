// A session whose connection is in another worker, since a live upgrade: both ends of how it is given to another gateway. The worker that has
// the session finds the gateway, and gives; the one that has the connection lets the upstream go, and says what there is. docs/decisions/0093.
import type { Clock, MonotonicMs } from '../core/index.ts'
import type { Session } from '../resume/index.ts'
import type { ConnectionDeps } from './connection-deps.ts'
import type { Connection, Giving } from './connections.ts'
import type { Departing, GivingLine, LineTo } from './departing.ts'
import { writeHeld } from './given-session.ts'
import { freed, goOn, leave, placeKeptMs } from './giving.ts'
import type { RouteState } from './route-state.ts'

/** Milliseconds more that the other worker gets for what it has begun: the other gateway and the store have theirs. */
const decideWithinMs = 15_000
/** Milliseconds in which all that is on its way between the two has been read, once the upstream has gone. */
const readWithinMs = 5_000
/** Bytes of a connection without an upstream; the other worker reads twice as many. */
const mostHeld = 8 * 1024 * 1024

/** A connection that is at the other end of the line; its session is here. */
export function departingThere(line: GivingLine, session: Session, clock: Clock): Departing {
  let held: string | undefined
  let goesOn = false
  let passedOn = 0
  return {
    mayLeave: () => line.isOpen,
    async free(withinMs, onSlow) {
      const slow = clock.setTimeout(onSlow, placeKeptMs)
      passedOn = session.received
      line.say({ free: withinMs })
      const word = await line.next(withinMs + readWithinMs + decideWithinMs)
      clock.clearTimeout(slow)
      if (word && 'held' in word) held = word.held
      goesOn = word !== undefined && 'stays' in word
      return held !== undefined
    },
    // What it has said to its client may have come, though the line is still open.
    get isHeld() {
      return line.isOpen && session.mayLeave
    },
    // A Close of its client, behind which nothing is held back, lets what came before it go there: perhaps too late for what has been written.
    get isWhole() {
      return session.received === passedOn
    },
    write: () => held!,
    leave() {
      line.say({ given: true })
      line.end()
    },
    async stay() {
      // Another gateway has it after all, or it has ended: its connection hears of that, or is nothing without it.
      if (session.state === 'over') return this.leave()
      line.say({ given: false })
      const word = goesOn ? undefined : await line.next(decideWithinMs)
      line.end()
      // One that has ended is heard of by its Close, behind which nothing is held back; one of which nothing is heard goes on.
      if (!goesOn && !(word && 'stays' in word))
        await new Promise<void>((resolve) => void clock.setTimeout(resolve, decideWithinMs))
      session.stay()
    },
  }
}

/**
 * Gives the session of a connection of here that is in that worker. False: nobody has taken it. Then the connection goes on, unless it is not
 * known what the other worker does: it may read nothing more of the client.
 */
export async function giveThrough(
  connection: Connection,
  worker: number,
  lineTo: LineTo,
  { to, withinMs, onStays }: Giving,
  state: RouteState,
  deps: ConnectionDeps,
): Promise<boolean> {
  const { pipe, id } = connection
  const until = deps.clock.now() + withinMs + decideWithinMs
  const line = pipe.mayLeave() ? await lineTo(worker, { connection: id, to, withinMs }) : undefined
  const outcome = line ? await asked(connection, line, until, deps) : 'stays'
  if (outcome === 'given') {
    if (pipe.state === 'held') leave(connection, deps.connections)
    line?.end()
    return true
  }
  state.sessions.count('not-given')
  onStays?.()
  if (outcome === 'unknown') pipe.end({ what: 'gateway-drains', retry: pipe.retry() })
  goOn(connection)
  if (pipe.state !== 'closing' && pipe.state !== 'closed') line?.say({ stays: true })
  line?.end()
  return false
}

async function asked(
  connection: Connection,
  line: GivingLine,
  until: MonotonicMs,
  deps: ConnectionDeps,
): Promise<'given' | 'stays' | 'unknown'> {
  const { clock, log } = deps
  for (;;) {
    const word = await line.next(until - clock.now())
    if (!word) return 'unknown'
    if ('given' in word) return word.given ? 'given' : 'stays'
    if (!('free' in word)) return 'stays'
    // That there was a place may have taken seconds.
    if (!connection.pipe.mayLeave()) return 'stays'
    const freeUntil = clock.now() + word.free
    try {
      const isFree = await freed(connection, word.free, deps, () => {})
      const isRead = isFree && (await allRead(connection, freeUntil - clock.now(), deps))
      if (!isRead || connection.pipe.state !== 'held') return 'stays'
      const held = writeHeld(connection)
      if (Buffer.byteLength(held) > mostHeld) return 'stays'
      line.say({ held })
    } catch (error) {
      log.warn({ id: connection.id, error: String(error) }, 'a session cannot be given to another node')
      return 'stays'
    }
  }
}

/**
 * Resolves when the session has all that the upstream has said, and all that the session has passed on was read here: a Ping has gone there behind
 * the one, and its Pong come back behind the other. To false when that is not so in time.
 */
function allRead(
  connection: Connection,
  leftMs: number,
  { clock, connections }: ConnectionDeps,
): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isRead: boolean) => {
      clock.clearTimeout(timer)
      stopWatching()
      resolve(isRead)
    }
    const timer = clock.setTimeout(() => settle(false), Math.min(readWithinMs, leftMs))
    const stopWatching = connections.watch((one) => {
      if (one === connection) settle(false)
    })
    connection.pipe.askClient(() => settle(true))
  })
}
