import type { Connection } from './connection.ts'
import type { Clock } from './options.ts'
import { asksWhy } from './platform.ts'
import { detach, wakeEvents } from './reconnecting-websocket.ts'

/** Events of a page or a worker around which a link may die. One that comes out of the back/forward cache is visible again. */
export const pageEvents = [...wakeEvents, 'pagehide']

/** PROTOCOL.md section 9: how many milliseconds something may not be acknowledged, or nothing may come, before a `ping`. */
const unacknowledgedMs = 5000
const silenceMs = 20_000

/** The same: how long nothing may come after it, and how often that is doubled where it was too short: "up to 60 s". */
const pongMs = 3000
const maxDoublings = 4

/**
 * Whether the link of a session lives: `say` sends a `ping` where that is in doubt, and `onDead` is called when nothing comes
 * after it. The result is an array since names of members are not minified.
 */
export function liveness(
  say: (control: object) => void,
  unconfirmed: { readonly length: number },
  onDead: () => void,
  clock: Clock,
) {
  let timer: unknown
  /** The last ping has no pong. */
  let probing = false
  /** How many pongs did not come since something has gone through. */
  let missed = 0

  const wait = (ms: number, act: () => void): void => {
    clock.clearTimeout(timer)
    timer = clock.setTimeout(act, ms)
  }

  const expectPong = (): void =>
    wait(pongMs * 2 ** Math.min(missed, maxDoublings), () => {
      missed++
      onDead()
    })

  /** Asks now. */
  const probe = (): void => {
    probing = true
    say({ type: 'ping', id: 0 })
    expectPong()
  }

  /** Waits until something of its own is not acknowledged for too long, or until nothing was heard for too long. */
  const watch = (): void => {
    if (!probing) wait(unconfirmed.length ? unacknowledgedMs : silenceMs, probe)
  }

  /** Something came: a link on which something comes is slow, not dead. */
  const heard = (): void => {
    if (probing) expectPong()
    else if (!unconfirmed.length) watch()
  }

  /** The pong has come, or there is no link any more. */
  const stop = (): void => {
    clock.clearTimeout(timer)
    probing = false
  }

  /** Something has gone through. */
  const reached = (): void => {
    missed = 0
  }

  return [stop, reached, heard, probe, watch] as const
}

/**
 * Lets go of a connection without a Close, which would end the session. A page cannot do more than listen no more; the
 * gateway ends the connection when the session has come back.
 */
export function letGo(connection: Connection): void {
  detach(connection)
  if (!asksWhy && connection.terminate) connection.terminate()
  else if (!connection.readyState) connection.close()
}
