// What a new connection meets at an upstream that may be about to stop: whether it gets in, and stays. Next:
// upstream-watch.ts.
import { randomBytes } from 'node:crypto'
import { code } from '@holdfast/close-codes'
import { type Clock, guarded } from '../core/index.ts'
import type { HeaderList, UpgradeRequest } from '../http/index.ts'
import {
  closeFrame,
  FrameReader,
  type FrameSink,
  opcode,
  type SocketWire,
  type Wire,
  type WireUser,
} from '../wire/index.ts'
import { type DialFailure, type DialResult, type DialTarget, dial } from './dial.ts'

/** `silent`: it was let into TCP at most; `answers`: as a server that does not stop may answer, and nothing is proven. */
export type Met = 'let-in' | 'refuses' | 'busy' | 'throws-out' | 'silent' | 'answers'

/** What a handshake has met that was not let in; undefined: it was called off, or the fault is the gateway's. */
export function metOf(failure: DialFailure): Exclude<Met, 'let-in' | 'throws-out'> | undefined {
  switch (failure.kind) {
    case 'unreachable':
      return failure.ours ? undefined : 'refuses'
    case 'no-answer':
      return 'silent'
    case 'busy':
      return failure.status === 503 ? 'busy' : 'answers'
    case 'bad-answer':
    case 'rejected':
      return 'answers'
    case 'aborted':
      return undefined
  }
}

/** Bytes of an upstream that are kept while it is watched; then it is not read any more. */
const readAtMost = 64 * 1024
/** How a server ends connections because it stops; with other codes it sends this one client away. */
const stops: readonly (number | undefined)[] = [
  undefined,
  code.normalClosure,
  code.goingAway,
  code.serviceRestart,
]

/**
 * Watches a new connection for so many milliseconds, or until the signal fires. False: the upstream has ended it, by the end of
 * TCP or a Close of one that stops. Leaves the wire paused, with what was read put back.
 */
export function staysOpen(wire: SocketWire, ms: number, signal: AbortSignal, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const rules = { masked: false, rsv: 0x70, messageBytes: Infinity, wholeFrames: 0, split: false }
    const reader = new FrameReader({ ...rules, unlimited: true })
    let read = nothing
    const finish = (stays: boolean) => {
      clock.clearTimeout(timer)
      signal.removeEventListener('abort', onLimit)
      if (wire.user !== user) return
      wire.user = undefined
      wire.pause()
      if (stays && read.length > 0) wire.unread(read)
      resolve(stays)
    }
    const onLimit = () => finish(true)
    const onEnd = () => finish(false)
    const sink: FrameSink = {
      ...deaf,
      onFault: onLimit,
      onControl(op, payload) {
        if (op !== opcode.close) return
        finish(!stops.includes(payload.length > 0 ? payload.readUInt16BE(0) : undefined))
      },
    }
    const onBytes = guarded((bytes: Buffer) => {
      read = Buffer.concat([read, bytes])
      if (read.length > readAtMost) wire.pause()
      reader.read(bytes, sink)
    }, onLimit)
    const user: WireUser = {
      onPieces(pieces) {
        for (const piece of pieces) onBytes(piece)
        return undefined
      },
      onDrain() {},
      onEndOfInput: onEnd,
      onClose: onEnd,
    }
    const timer = clock.setTimeout(onLimit, ms)
    signal.addEventListener('abort', onLimit)
    wire.user = user
    if (signal.aborted) onLimit()
    else if (wire.destroyed || wire.readableEnded) onEnd()
    else wire.resume()
  })
}

const nothing = Buffer.alloc(0)

const deaf = {
  onBytes: () => {},
  onMessage: () => true,
  onMessageEnd: () => {},
  onBoundary: () => {},
}

/** Milliseconds for which a client's new connection to an upstream that threw newcomers out is watched. */
export const settlesInMs = 250

/** A dial that went well, to an upstream that lets newcomers in and throws them out: undefined when it does so again. */
export async function settled(
  dialled: Extract<DialResult, { ok: true }>,
  signal: AbortSignal,
  clock: Clock,
): Promise<Extract<DialResult, { ok: true }> | undefined> {
  const { wire } = dialled
  if (await staysOpen(wire, settlesInMs, signal, clock)) return dialled
  wire.destroy()
  return undefined
}

/** Destroys a wire that has been ended as soon as what was written has gone out. */
class LastWord implements WireUser {
  readonly #wire: Wire

  constructor(wire: Wire) {
    this.#wire = wire
  }

  onPieces(): undefined {}
  onDrain(): void {}
  onEndOfInput(): void {}
  onClose(): void {}

  onFinish(): void {
    this.#wire.destroy()
  }
}

/** What of a client's handshake a stranger may say: nothing that tells who the client is. */
export type Stranger = Pick<UpgradeRequest, 'target' | 'host' | 'authority'> & { protocol?: string }

/** Parameters without which servers take a handshake for none of theirs. */
const telling = /^(?:EIO|transport|vsn)=[\w.-]*$/

/**
 * A handshake like the client's, but in nobody's name: without its cookies, its fields, and its query but for what names a
 * protocol. A server may let one client have one connection, and would end that client's next one.
 */
export function strangerRequest({ target, host, authority, protocol }: Stranger): UpgradeRequest {
  const [path = '/', query = ''] = target.split('?', 2)
  const told = query.split('&').filter((one) => telling.test(one))
  const headers: HeaderList = [['User-Agent', 'holdfast-health']]
  if (protocol !== undefined) headers.push(['Sec-WebSocket-Protocol', protocol])
  return {
    httpVersion: '1.1',
    target: told.length > 0 ? `${path}?${told.join('&')}` : path,
    host,
    authority,
    headers,
    key: randomBytes(16).toString('base64'),
    protocols: protocol === undefined ? [] : [protocol],
    extensions: '',
    address: '',
  }
}

/** Asks as a stranger, and stays for as long as the signal lets it. Never rejects; leaves no socket behind. */
export async function askAsStranger(
  target: DialTarget,
  stranger: Stranger,
  ms: number,
  signal: AbortSignal,
  clock: Clock,
): Promise<Met | undefined> {
  const limits = { connect: ms, handshake: ms }
  const result = await dial(target, strangerRequest(stranger), limits, signal, [], clock)
  if (!result.ok) {
    if (result.failure.kind === 'rejected') result.failure.response.destroy()
    return metOf(result.failure)
  }
  const { wire } = result
  const stays = await staysOpen(wire, ms, signal, clock)
  if (stays) wire.write(closeFrame(code.normalClosure, '', true))
  wire.user = new LastWord(wire)
  wire.end()
  return stays ? 'let-in' : 'throws-out'
}
