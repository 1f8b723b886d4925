// In: the stream of a client that got its 101 from the gateway itself. Out: a Close with the reason why there is no
// upstream, at its time, its echo, and the end of TCP, each with a limit. Nothing that the client sends is handed on.
import type { Duplex } from 'node:stream'
import { code } from '@holdfast/close-codes'
import { endTcp } from '../connection/index.ts'
import { type Clock, type ClosedBy, guarded } from '../core/index.ts'
import { closeFrame, controlFrame, FrameReader, type FrameSink, opcode } from '../wire/index.ts'

export interface InBandRefusal {
  code: number
  reason: string
  /** Milliseconds until the Close. */
  pauseMs: number
  /** Milliseconds that the client then has to answer it. */
  closeTimeoutMs: number
  clock: Clock
  /** Called once: the Close that was last said, either way, or 1006. */
  onClosed: (code: number, by: ClosedBy) => void
  onFault: (error: unknown) => void
}

/** A client that is being told. */
export interface Refusing {
  /** The Close is due within so many milliseconds, if it would come later. */
  hurry(withinMs: number): void
  destroy(): void
  /** Resolves when it has been told and has answered, or is gone. */
  closed: Promise<void>
}

const rules = {
  masked: true,
  rsv: 0,
  messageBytes: Number.POSITIVE_INFINITY,
  wholeFrames: 0,
  split: false,
  unlimited: true,
}

export function refuseInBand(stream: Duplex, refusal: InBandRefusal): Refusing {
  const { clock, onClosed } = refusal
  const reader = new FrameReader(rules)
  let state: 'waiting' | 'told' | 'closed' = 'waiting'
  let dueAt = clock.now() + refusal.pauseMs
  let timer: unknown
  let resolveClosed = () => {}
  const whenClosed = new Promise<void>((resolve) => {
    resolveClosed = resolve
  })

  const closed = (as: number, by: ClosedBy) => {
    clock.clearTimeout(timer)
    if (state === 'closed') return
    state = 'closed'
    resolveClosed()
    onClosed(as, by)
  }
  const tell = () => {
    clock.clearTimeout(timer)
    if (state !== 'waiting') return
    state = 'told'
    stream.write(closeFrame(refusal.code, refusal.reason, false))
    timer = clock.setTimeout(() => stream.destroy(), refusal.closeTimeoutMs)
  }
  const due = () => {
    clock.clearTimeout(timer)
    const left = dueAt - clock.now()
    if (left <= 0) tell()
    else timer = clock.setTimeout(tell, left)
  }
  const end = (as: number, by: ClosedBy) => {
    closed(as, by)
    stream.off('data', onData)
    endTcp(stream, clock)
  }
  const sink: FrameSink = {
    onBytes() {},
    onMessage: () => true,
    onBoundary() {},
    onMessageEnd() {},
    onUnfinished() {},
    onControl(op, payload) {
      if (state === 'closed') return
      if (op === opcode.ping && state === 'waiting' && !stream.writableNeedDrain) {
        stream.write(controlFrame(opcode.pong, payload, false))
      }
      if (op !== opcode.close) return
      if (state === 'told') return end(refusal.code, 'gateway')
      // RFC 6455 5.5.1: "If an endpoint receives a Close frame and did not previously send a Close frame, the endpoint MUST
      // send a Close frame in response."
      stream.write(controlFrame(opcode.close, payload.subarray(0, 2), false))
      end(payload.length < 2 ? code.noStatusReceived : payload.readUInt16BE(0), 'client')
    },
    onFault(fault) {
      if (state === 'waiting') {
        const says = fault === 'not-utf8' ? code.invalidPayload : code.protocolError
        stream.write(closeFrame(says, '', false))
        return end(says, 'gateway')
      }
      end(refusal.code, 'gateway')
    },
  }
  const fault = (error: unknown) => {
    refusal.onFault(error)
    stream.destroy()
  }
  const onData = guarded((chunk: Buffer) => reader.read(chunk, sink), fault)
  const onEnd = () => (state === 'told' ? end(refusal.code, 'gateway') : stream.destroy())
  stream
    .on('data', onData)
    .once('end', onEnd)
    .once('aborted', () => stream.destroy())
  stream.once('close', () => {
    if (state === 'told') closed(refusal.code, 'gateway')
    else closed(code.abnormalClosure, 'client')
  })
  if (stream.destroyed) closed(code.abnormalClosure, 'client')
  else {
    due()
    stream.resume()
  }
  return {
    hurry(withinMs) {
      dueAt = Math.min(dueAt, clock.now() + withinMs)
      if (state === 'waiting') due()
    },
    destroy: () => stream.destroy(),
    closed: whenClosed,
  }
}
