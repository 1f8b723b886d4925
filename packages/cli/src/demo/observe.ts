// What a client sees of one connection.
import { WebSocket } from 'ws'

export interface Observed {
  /** What a page's `onclose` shows; undefined when nothing came in the time there was. */
  close?: { code: number; reason: string }
  /** The HTTP status of a refused handshake, which a page cannot see. */
  status?: number
  /** Milliseconds from the start, or from `act`, to the end. */
  ms: number
}

export interface Client {
  opened: Promise<boolean>
  seen: Promise<Observed>
}

/** Connects; `seen` resolves with the close, or with nothing after `limit` milliseconds. */
export function observe(url: string, limit: number): Client {
  const start = Date.now()
  const socket = new WebSocket(url, { handshakeTimeout: limit })
  let status: number | undefined
  const opened = new Promise<boolean>((resolve) => {
    socket.on('open', () => resolve(true)).on('close', () => resolve(false))
  })
  const seen = new Promise<Observed>((resolve) => {
    const timer = setTimeout(() => {
      resolve({ ms: Date.now() - start })
      socket.terminate()
    }, limit)
    socket.on('unexpected-response', (request, response) => {
      status = response.statusCode
      request.destroy()
      // `ws` leaves the rest to this listener; a page sees 1006.
      resolve({ close: { code: 1006, reason: '' }, status, ms: Date.now() - start })
    })
    socket.on('error', () => {})
    socket.on('close', (code, reason) => {
      clearTimeout(timer)
      resolve({ close: { code, reason: String(reason) }, status, ms: Date.now() - start })
    })
  })
  return { opened, seen }
}

/** `1014  bad gateway: connection refused`, `1006  (HTTP 502)`, `nothing for 4 s`. */
export function inWords({ close, status, ms }: Observed): string {
  if (!close) return `nothing for ${Math.round(ms / 1000)} s`
  return [close.code, close.reason || (status ? `(HTTP ${status})` : '')].filter(Boolean).join('  ')
}
