// When a side is pinged and when its silence means that it is gone. Pure; pipe.ts asks at every sweep.

import type { MonotonicMs } from '../core/index.ts'

/** What is known of one side's silence. */
export interface Pulse {
  /** When it is pinged if nothing is heard until then. */
  pingAt: MonotonicMs
  /** When it is given up; absent while no Ping waits for its answer. */
  answerBy?: MonotonicMs
}

export interface KeepaliveOptions {
  ping: number
  timeout: number
}

/** Since the last sweep. */
export interface Signs {
  now: MonotonicMs
  /** Bytes came from it, or bytes that waited for it have gone out. */
  alive: boolean
  /** The gateway itself has stopped reading it, so that no answer can be seen. */
  unread: boolean
  /** Its Ping is worth sending even so: the system of a peer that is gone answers with a reset. */
  tested?: boolean
  /** The Ping could not be written yet, though the side takes what it is sent. */
  unasked: boolean
}

export type Beat = 'ping' | 'silent' | 'nothing'

export function firstPulse(now: MonotonicMs, options: KeepaliveOptions): Pulse {
  return { pingAt: now + options.ping }
}

/** Any sign of life counts as the answer: a peer that sends data need not be asked whether it is there. */
export function beat(pulse: Pulse, signs: Signs, options: KeepaliveOptions): [Pulse, Beat] {
  const later = { pingAt: signs.now + options.ping }
  if (signs.alive) return [later, 'nothing']
  if (signs.unread) {
    const ping = signs.tested && signs.now >= pulse.pingAt
    return ping ? [later, 'ping'] : [{ pingAt: signs.tested ? pulse.pingAt : later.pingAt }, 'nothing']
  }
  if (pulse.answerBy !== undefined && signs.unasked) {
    return [{ ...pulse, answerBy: signs.now + options.timeout }, 'nothing']
  }
  if (pulse.answerBy !== undefined) return [pulse, signs.now >= pulse.answerBy ? 'silent' : 'nothing']
  if (signs.now < pulse.pingAt) return [pulse, 'nothing']
  return [{ pingAt: signs.now + options.ping, answerBy: signs.now + options.timeout }, 'ping']
}
