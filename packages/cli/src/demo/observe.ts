// What a client sees of one connection.
import { code } from '@holdfast/close-codes'
import { WebSocket } from 'ws'

/** The end of a connection as a page's `onclose` has it, and what a page cannot see. */
export interface Seen {
  /** Undefined: nothing came in the time there was. */
  code?: number
  reason: string
  /** The HTTP status of a refused handshake. */
  status?: number
  /** Milliseconds that the client waited in vain. */
  waited?: number
  /** When, in milliseconds of `performance.now`. */
  at: number
}

export interface Client {
  /** False when the handshake failed. */
  opened: Promise<boolean>
  /** The end; after `limit` milliseconds without one, that. */
  seen: Promise<Seen>
}

/** Connects, and says nothing. */
export function connect(url: string, limit: number): Client {
  const socket = new WebSocket(url)
  let status: number | undefined
  const seen = new Promise<Seen>((resolve) => {
    const end = (how: Omit<Seen, 'at'>) => {
      clearTimeout(timer)
      resolve({ ...how, at: performance.now() })
    }
    const timer = setTimeout(() => {
      end({ reason: '', waited: limit })
      socket.terminate()
    }, limit)
    socket.on('close', (closeCode, reason) => end({ code: closeCode, reason: String(reason), status }))
    socket.on('unexpected-response', (request, response) => {
      // With this listener `ws` leaves the end to us.
      status = response.statusCode
      end({ code: code.abnormalClosure, reason: '', status })
      request.destroy()
    })
    socket.on('error', () => {})
  })
  const opened = new Promise<boolean>((resolve) => {
    socket.once('open', () => resolve(true))
    void seen.then(() => resolve(false))
  })
  return { opened, seen }
}

/** `1014 bad gateway: connection refused`, `1006 (HTTP 502)`, `nothing for 4 s`. */
export function inWords({ code, reason, status, waited = 0 }: Seen): string {
  if (code === undefined) return `nothing for ${Math.round(waited / 1000)} s`
  return [code, reason || (status && `(HTTP ${status})`)].filter(Boolean).join(' ')
}

/** Whether somebody said why: neither silence nor 1006, the code for an end that nobody announced. */
export function wasTold({ code: closeCode }: Seen): boolean {
  return closeCode !== undefined && closeCode !== code.abnormalClosure
}
