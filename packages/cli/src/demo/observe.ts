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
  /** The body of that answer said why: `code` and `reason` are from there, and a client of ours knows them. */
  told?: true
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
      let body = ''
      response.setEncoding('utf8').on('data', (text: string) => {
        body = (body + text).slice(0, maxBodyLength)
      })
      response.on('close', () => {
        end({ code: code.abnormalClosure, reason: '', status, ...readBody(body) })
        request.destroy()
      })
    })
    socket.on('error', () => {})
  })
  const opened = new Promise<boolean>((resolve) => {
    socket.once('open', () => resolve(true))
    void seen.then(() => resolve(false))
  })
  return { opened, seen }
}

const maxBodyLength = 4096

/** The close code and the reason in the body with which the gateway refuses a handshake. */
function readBody(text: string): Pick<Seen, 'code' | 'reason' | 'told'> | undefined {
  try {
    const body = JSON.parse(text) as { code?: unknown; reason?: unknown }
    if (typeof body.code !== 'number' || typeof body.reason !== 'string') return undefined
    return { code: body.code, reason: body.reason, told: true }
  } catch {
    return undefined
  }
}

/** `1014 bad gateway: connection refused`, with `HTTP 502: ` before it, `1006 (HTTP 502)`, `nothing for 4 s`. */
export function inWords({ code, reason, status, told, waited = 0 }: Seen): string {
  if (told) return `HTTP ${status}: ${code} ${reason}`
  if (code === undefined) return `nothing for ${Math.round(waited / 1000)} s`
  return [code, reason || (status && `(HTTP ${status})`)].filter(Boolean).join(' ')
}

/** Whether somebody said why: neither silence nor 1006, the code for an end that nobody announced. */
export function wasTold({ code: closeCode }: Seen): boolean {
  return closeCode !== undefined && closeCode !== code.abnormalClosure
}
