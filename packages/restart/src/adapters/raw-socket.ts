// A WebSocket of a library that was not passed: only its stream is known, from the 'upgrade' event of node:http.
// RFC 6455 5.4 lets control frames stand between any two frames, so ours can be written beside the library's. The
// library itself sees a Close from its client, and answers and ends as it always does.
import type { Duplex } from 'node:stream'
import type { RestartSocket } from '../seam.ts'

// RFC 6455 5.2 and 5.5: FIN and the opcode; a server's frames are not masked, a client's are.
const closeByte = 0x88
const pingByte = 0x89
const pongByte = 0x8a
const masked = 0x80

/** A stream whose upgrade was asked for. `answered` tells whether the 101 has gone out. */
export interface Upgraded {
  stream: Duplex
  answered(): boolean
  /** Answers a request that has no answer yet with 503. */
  refuse(): void
}

/** The stream as a socket; `handOut`: whether `onDrain` gets it. */
export function rawSocket({ stream, answered, refuse }: Upgraded, handOut: boolean): RestartSocket {
  let expected = Buffer.alloc(0)
  return {
    key: stream,
    handle: handOut ? stream : undefined,
    isOpen: () => stream.writable && !stream.destroyed,
    ping(payload) {
      expected = Buffer.from(payload)
      if (answered()) stream.write(frame(pingByte, expected))
    },
    close(code, reason) {
      if (!answered()) return refuse()
      const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
      payload.writeUInt16BE(code)
      payload.write(reason, 2)
      stream.write(frame(closeByte, payload))
    },
    terminate: () => stream.destroy(),
    onPong(listener) {
      let tail = Buffer.alloc(0)
      const onData = (chunk: Buffer) => {
        const bytes = Buffer.concat([tail, chunk])
        if (hasPong(bytes, expected)) listener(String(expected))
        tail = bytes.subarray(-(pongHead + expected.length - 1))
      }
      // First, because a library may unmask the bytes in place.
      stream.prependListener('data', onData)
      return () => stream.off('data', onData)
    },
    onClosed(listener) {
      stream.on('close', listener)
      return () => stream.off('close', listener)
    },
  }
}

/** A whole frame; the payload of a control frame has at most 125 bytes, RFC 6455 5.5. */
function frame(first: number, payload: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(first, payload.length), payload])
}

const pongHead = 6

/**
 * Whether a Pong with this payload is among the bytes. They may begin anywhere, so frames cannot be followed; but
 * that payload does not come about by chance.
 */
function hasPong(bytes: Buffer, payload: Uint8Array): boolean {
  const head = Uint8Array.of(pongByte, masked | payload.length)
  for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + 1)) {
    const mask = bytes.subarray(at + 2, at + pongHead)
    const found = bytes.subarray(at + pongHead, at + pongHead + payload.length)
    if (found.length < payload.length) return false
    if (found.every((byte, i) => (byte ^ mask[i & 3]!) === payload[i])) return true
  }
  return false
}
