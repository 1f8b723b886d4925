import type { Writable } from 'node:stream'
import * as ws from 'ws'

export interface ReceiverOptions {
  /** True: what is written to it comes from a client, masked. */
  isServer?: boolean
  /** Bytes that a message may have; 0: no limit. */
  maxPayload?: number
  skipUTF8Validation?: boolean
  allowSynchronousEvents?: boolean
}

/** The frame parser of `ws`: a second opinion on a stream of bytes. It emits what it reads. */
export interface Receiver extends Writable {
  on(event: 'message', listener: (data: Buffer, binary: boolean) => void): this
  on(event: 'ping' | 'pong', listener: (payload: Buffer) => void): this
  on(event: 'conclude', listener: (code: number, reason: Buffer) => void): this
  on(event: string | symbol, listener: (...args: never[]) => void): this
}

/** `ws` exports it, its types leave it out. */
export const Receiver = (ws as unknown as { Receiver: new (options?: ReceiverOptions) => Receiver }).Receiver
