import { buildReason, code } from '@holdfast/close-codes'
import { attempt, messageOf } from './attempt.ts'
import type { Settings } from './options.ts'
import type { RestartServer, RestartSocket } from './seam.ts'
import { drainSlots, type Slot, shuffled } from './slots.ts'
import type { RestartEvent } from './state.ts'
import { within } from './within.ts'

/**
 * Payload of the Ping that says: a Close will follow. A client just answers it; a gateway in between knows from it
 * that it should forward nothing more. TCP keeps the order, so when the Pong is here, so is all that came before.
 */
export const drainPing = 'holdfast:drain'

/** Connections on their way out. */
export interface Drain {
  /** Resolves when none of them is left. */
  readonly drained: Promise<void>
  /** Ends at once those that are left. */
  cut(): void
}

interface Leaving {
  socket: RestartSocket
  /** It has been sent our Close. */
  told: boolean
  undo: (() => void)[]
}

/** Tells every connection, in its own slot, to come back later. Reports what becomes of each. */
export function startDrain(
  server: RestartServer,
  settings: Settings,
  report: (event: RestartEvent) => void,
): Drain {
  const { clock, random, log } = settings
  const met = new WeakSet<object>()
  const open = new Set<Leaving>()
  let resolve = () => {}
  const drained = new Promise<void>((done) => {
    resolve = done
  })

  function gone(leaving: Leaving, how: 'closed' | 'left' | 'cut'): void {
    if (!open.delete(leaving)) return
    for (const undo of leaving.undo) undo()
    report({ what: 'gone', how })
    if (open.size > 0) return
    const late = notMet()
    if (late.length > 0) begin(late, 0)
    else resolve()
  }

  function admit(socket: RestartSocket, slot: Slot): void {
    const leaving: Leaving = { socket, told: false, undo: [] }
    open.add(leaving)
    leaving.undo.push(socket.onClosed(() => gone(leaving, leaving.told ? 'closed' : 'left')))
    const timer = clock.setTimeout(() => void tell(leaving, slot.retry, settings, report), slot.at)
    leaving.undo.push(() => clock.clearTimeout(timer))
  }

  /** Those that are there and were not met before: at the end, the few whose handshake was under way. */
  function notMet(): RestartSocket[] {
    const sockets = [...server.sockets()].filter((socket) => !met.has(socket.key))
    for (const socket of sockets) met.add(socket.key)
    return sockets
  }

  function begin(sockets: RestartSocket[], spread: number): void {
    const slots = drainSlots(sockets.length, { spread, retry: settings.retry }, random)
    report({ what: 'found', sockets: sockets.length })
    for (const [i, socket] of shuffled(sockets, random).entries()) admit(socket, slots[i]!)
  }

  begin(notMet(), settings.spread)
  if (open.size === 0) resolve()
  return {
    drained,
    cut() {
      while (open.size > 0) {
        for (const leaving of [...open]) {
          gone(leaving, 'cut')
          attempt(() => leaving.socket.terminate(), log)
        }
      }
    },
  }
}

/** Ping, Pong, the application's last word, Close. */
async function tell(
  leaving: Leaving,
  retry: number,
  settings: Settings,
  report: (event: RestartEvent) => void,
): Promise<void> {
  const { socket } = leaving
  if (!socket.isOpen()) return
  if (!(await answersPing(socket, settings))) report({ what: 'unanswered' })
  if (socket.isOpen()) await lastWord(socket, settings)
  if (!socket.isOpen()) return
  leaving.told = true
  attempt(() => socket.close(code.serviceRestart, buildReason('service restart', { retry })), settings.log)
}

/** False when the Pong did not come in time. One that goes meanwhile owes no Pong. */
function answersPing(socket: RestartSocket, settings: Settings): Promise<boolean> {
  return within(settings.clock, settings.pongTimeout, (done) => {
    const undo = [socket.onClosed(done), socket.onPong((payload) => payload === drainPing && done())]
    attempt(() => socket.ping(drainPing), settings.log)
    return () => {
      for (const remove of undo) remove()
    }
  })
}

async function lastWord(socket: RestartSocket, settings: Settings): Promise<void> {
  const { onDrain, onDrainTimeout, clock, log } = settings
  const { handle } = socket
  if (onDrain === undefined || handle === undefined) return
  const inTime = await within(clock, onDrainTimeout, (done) => {
    Promise.resolve()
      .then(() => onDrain(handle as never))
      .catch((error) => log(`restart: onDrain failed: ${messageOf(error)}`))
      .then(done)
    return socket.onClosed(done)
  })
  if (!inTime) log(`restart: onDrain took longer than ${onDrainTimeout} ms; closing without it`)
}
