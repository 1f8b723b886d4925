// In: an upstream's place and the route's `health`. Out: whether a WebSocket can be opened there, answers a Ping, and
// can be closed. A TCP connect is no proof of any of it.
import { randomBytes } from 'node:crypto'
import { code } from '@holdfast/close-codes'
import { type Clock, guarded, type HealthOptions, systemClock } from '../core/index.ts'
import type { HeaderList, UpgradeRequest } from '../http/index.ts'
import { closeFrame, controlFrame, FrameReader, type FrameSink, opcode, type Wire } from '../wire/index.ts'
import { authorityOf } from './change-request.ts'
import { type DialFailure, type DialTarget, dial } from './dial.ts'
import { withDetail } from './dial-failure.ts'

/** `words` are for operators. `ours`: this process has too many open files, and nothing is known of the upstream. */
export type ProbeResult = { ok: true } | { ok: false; words: string; ours?: true }

/** Probes once. Never rejects; leaves no socket behind. */
export type Probe = (
  target: DialTarget,
  health: HealthOptions,
  signal: AbortSignal,
  clock?: Clock,
) => Promise<ProbeResult>

/** Bytes that an upstream may send before its Pong; some greet every client with a snapshot. */
const maxChatter = 1024 * 1024
/** Milliseconds that the answer to the Close is waited for. A late one is no failure. */
const closeTimeout = 500

/** The whole of a probe within `health.timeout`: TCP, TLS, 101, accept key, subprotocol, Ping and Pong, Close 1000. */
export const probe: Probe = async (target, health, signal, clock = systemClock) => {
  const { timeout } = health
  const stop = new AbortController()
  const onAbort = () => stop.abort()
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  const timer = clock.setTimeout(onAbort, timeout)
  try {
    const limits = { connect: timeout, handshake: timeout }
    const result = await dial(probed(target), probeRequest(target, health), limits, stop.signal, [], clock)
    if (!result.ok) {
      const { failure } = result
      const words = failureWords(failure, timeout)
      return { ok: false, words, ...(failure.kind === 'unreachable' && failure.ours && { ours: true }) }
    }
    const { wire, protocol } = result
    try {
      if (protocol !== health.protocol) return { ok: false, words: 'subprotocol not accepted' }
      return await converse(wire, health, stop.signal, clock)
    } finally {
      wire.destroy()
    }
  } finally {
    clock.clearTimeout(timer)
    signal.removeEventListener('abort', onAbort)
  }
}

/** `health.path` is the upstream's own: no client's path stands for it. */
function probed(target: DialTarget): DialTarget {
  const { host, headers } = target.changes ?? {}
  return { ...target, changes: { host, headers } }
}

function probeRequest(target: DialTarget, { path, protocol }: HealthOptions): UpgradeRequest {
  const authority = authorityOf(target)
  return {
    httpVersion: '1.1',
    target: path,
    host: authority,
    authority,
    headers: [
      ['User-Agent', 'holdfast-health'],
      ...(protocol === undefined ? [] : ([['Sec-WebSocket-Protocol', protocol]] as HeaderList)),
    ],
    key: randomBytes(16).toString('base64'),
    protocols: protocol === undefined ? [] : [protocol],
    extensions: '',
    address: '',
  }
}

/** What of an upstream's frames says nothing about its health. */
const unheard = { onBytes: () => {}, onMessage: () => true, onMessageEnd: () => {}, onBoundary: () => {} }

/** Of its frames none is handed on. */
const rules = { masked: false, rsv: 0, messageBytes: Infinity, wholeFrames: 0, split: false }

/** The Ping and its Pong, if asked for, then the Close. Once the Pong is here nothing can spoil the result. */
function converse(
  wire: Wire,
  { ping, timeout }: HealthOptions,
  signal: AbortSignal,
  clock: Clock,
): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const payload = randomBytes(8)
    const reader = new FrameReader(rules)
    let answered = !ping
    let received = 0
    let closing: unknown
    const finish = (words: string) => {
      clock.clearTimeout(closing)
      signal.removeEventListener('abort', onAbort)
      wire.user = undefined
      resolve(answered ? { ok: true } : { ok: false, words })
    }
    const onAbort = () => finish(`no pong in ${seconds(timeout)}`)
    const onEnd = () => finish('connection lost before the pong')
    const close = () => {
      wire.write(closeFrame(code.normalClosure, '', true))
      closing = clock.setTimeout(() => finish(''), closeTimeout)
    }
    const sink: FrameSink = {
      ...unheard,
      onFault: () => finish('broke the protocol'),
      onControl(op, body) {
        if (op === opcode.close) finish(`closed with ${body.length > 0 ? body.readUInt16BE(0) : 'no code'}`)
        if (op !== opcode.pong || answered || !body.equals(payload)) return
        answered = true
        close()
      },
    }
    const onBytes = guarded(
      (chunk: Buffer) => {
        received += chunk.length
        reader.read(chunk, sink)
        if (received > maxChatter) finish('too much data before the pong')
      },
      () => finish('broke the protocol'),
    )
    signal.addEventListener('abort', onAbort)
    wire.user = {
      onPieces(pieces) {
        for (const piece of pieces) onBytes(piece)
        return undefined
      },
      onDrain() {},
      onEndOfInput: onEnd,
      onClose: onEnd,
    }
    if (answered) close()
    else wire.write(controlFrame(opcode.ping, payload, true))
    wire.resume()
    if (signal.aborted) onAbort()
    else if (wire.destroyed || wire.readableEnded) onEnd()
  })
}

function failureWords(failure: DialFailure, timeout: number): string {
  switch (failure.kind) {
    case 'unreachable':
      return withDetail(failure.words, failure.detail)
    case 'bad-answer':
      return failure.words
    case 'busy':
      return `status ${failure.status}`
    case 'rejected':
      failure.response.destroy()
      return `status ${failure.status}`
    case 'no-answer':
    case 'aborted':
      return `no answer in ${seconds(timeout)}`
  }
}

function seconds(ms: number): string {
  return `${ms / 1000} s`
}
