// A point of web-platform-tests, and what the points share. Runs in every runtime, in a page too: nothing of Node here.

import type { WebSocketClass } from '../../src/connection.ts'
import type { ReconnectingWebSocket } from '../../src/index.ts'
import { event } from './assert.ts'

/** Servers by what they do. */
export interface Servers {
  /** Sends everything back; selects the first subprotocol. */
  readonly echo: string
  /** Takes the TCP connection and never answers. */
  readonly silent: string
  /** Nothing listens there. */
  readonly refused: string
  /** After a message: 'test', then a frame with a reserved opcode. */
  readonly breaks: string
  /** After a message: Close with 1000 and a reason. */
  readonly closes: string
}

export interface Context extends Servers {
  readonly Native: WebSocketClass
  /** Where relative URLs are resolved, or undefined where there is no such place. */
  readonly base: string | undefined
}

/** Makes a socket that never comes back and keeps nothing; it is closed when the point is done. */
export type Make = (url?: unknown, protocols?: unknown) => ReconnectingWebSocket

type Run = (make: Make, context: Context) => unknown

export interface Point {
  /** The files of web-platform-tests/websockets that ask for it, or the standard that does. */
  readonly file: string
  readonly says: string
  readonly run: Run
}

/** A list of points, and what adds one to it. */
export function pointList() {
  const points: Point[] = []
  return { points, point: (file: string, says: string, run: Run) => points.push({ file, says, run }) }
}

export const names = ['open', 'message', 'error', 'close'] as const

/** Handlers by name. */
export const on = (socket: ReconnectingWebSocket) => socket as unknown as Record<string, unknown>

/** What the types forbid and a page does all the same. */
export const wrong = <T>(value: unknown) => value as T

export async function closed(socket: ReconnectingWebSocket) {
  if (socket.readyState !== 3) await event(socket, 'close')
}
