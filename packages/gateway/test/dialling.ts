import { randomBytes } from 'node:crypto'
import { eventually } from '@holdfast/testing'
import type { HeaderList } from '../src/http/headers.ts'
import type { UpgradeRequest } from '../src/http/upgrade-request.ts'
import { type DialResult, type DialTarget, dial } from '../src/upstream/dial.ts'
import type { DialFailure } from '../src/upstream/dial-failure.ts'

/** A checked handshake as the client's side would hand it on; header fields follow what it offers. */
export function clientRequest(init: Partial<UpgradeRequest> = {}): UpgradeRequest {
  const { protocols = [], extensions = '' } = init
  const offered: HeaderList = []
  if (protocols.length > 0) offered.push(['Sec-WebSocket-Protocol', protocols.join(', ')])
  if (extensions) offered.push(['Sec-WebSocket-Extensions', extensions])
  return {
    httpVersion: '1.1',
    target: '/ws?room=1',
    host: 'chat.example.com',
    authority: 'chat.example.com',
    key: randomBytes(16).toString('base64'),
    address: '203.0.113.7',
    protocols,
    extensions,
    ...init,
    headers: [...offered, ...(init.headers ?? [])],
  }
}

/** The place of a test server on 127.0.0.1. */
export function targetOf(server: { port: number }, init: Partial<DialTarget> = {}): DialTarget {
  return { tls: false, host: '127.0.0.1', port: server.port, serverName: '127.0.0.1', path: '', ...init }
}

export const limits = { connect: 30_000, handshake: 30_000 }

/** A signal that does not fire. */
export const never = () => new AbortController().signal

export const dialPlain = (server: { port: number }, request = clientRequest(), timeouts = limits) =>
  dial(targetOf(server), request, timeouts, never())

export type Opened = Extract<DialResult, { ok: true }>

/** The result of a dial that must have succeeded. */
export function opened(result: DialResult): Opened {
  if (!result.ok) throw new Error(`the dial failed: ${result.failure.kind}`)
  return result
}

/** The failure of a dial that must have failed. */
export function failure(result: DialResult): DialFailure {
  if (result.ok) throw new Error('the dial succeeded')
  return result.failure
}

export const noneOpen = (server: { open: number }) =>
  eventually('the upstream sees its socket closed', () => server.open === 0)
