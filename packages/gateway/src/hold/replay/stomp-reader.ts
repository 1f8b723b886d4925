// Finds STOMP frames in WebSocket messages (STOMP 1.2, "STOMP Frames"). A frame may be split over several messages and a
// message may hold several frames. Only heads are kept; bodies are stepped over.

import { Bytes } from '../../core/index.ts'
import type { Message } from '../../wire/index.ts'
import { tooMuch } from './bounded-map.ts'

/** A frame without its body. */
export interface StompFrame {
  command: string
  /** As written, escapes and all; of a header that is repeated the first counts. */
  headers: Map<string, string>
}

/** Bytes of a frame's command and headers. */
const headLimit = 64 * 1024

const lf = 0x0a
const cr = 0x0d
const empty = Buffer.alloc(0)

type Place =
  /** Between frames, or in a head of which so much has come. */
  | { in: 'head'; seen: Bytes }
  /** In a body of a known length, its NUL included. */
  | { in: 'body'; remaining: number }
  /** In a body that ends with a NUL. */
  | { in: 'open body' }

const between = (): Place => ({ in: 'head', seen: new Bytes() })

/** Where a reader is, as data that JSON can carry; a head as base64. */
export type SavedPlace = { in: 'head'; seen: string } | Exclude<Place, { in: 'head' }>

export class StompReader {
  #place: Place

  constructor(saved?: SavedPlace) {
    this.#place = !saved || saved.in === 'head' ? between() : saved
    if (saved?.in === 'head' && this.#place.in === 'head') {
      this.#place.seen.append(Buffer.from(saved.seen, 'base64'))
    }
  }

  /** Whether a frame has begun whose end has not come. */
  get inside(): boolean {
    return this.#place.in !== 'head' || this.#place.seen.length > 0
  }

  save(): SavedPlace {
    const place = this.#place
    return place.in === 'head' ? { in: 'head', seen: place.seen.all.toString('base64') } : place
  }

  /** The frames whose heads are complete with this message. */
  read(message: Message): StompFrame[] {
    const frames: StompFrame[] = []
    let data: Buffer = Buffer.from(message.data)
    while (data.length > 0) data = this.#step(data, frames)
    return frames
  }

  #step(data: Buffer, frames: StompFrame[]): Buffer {
    const place = this.#place
    switch (place.in) {
      case 'body': {
        const take = Math.min(place.remaining, data.length)
        this.#place = take === place.remaining ? between() : { in: 'body', remaining: place.remaining - take }
        return data.subarray(take)
      }
      case 'open body': {
        const end = data.indexOf(0)
        if (end < 0) return empty
        this.#place = between()
        return data.subarray(end + 1)
      }
      case 'head': {
        const { seen } = place
        const before = seen.length
        seen.append(before > 0 ? data : data.subarray(gap(data)))
        const head = seen.all
        // What has come before has no empty line, but may end in the first bytes of one.
        const end = headEnd(head, Math.max(0, before - 2))
        if (end === undefined) {
          if (head.length > headLimit) throw tooMuch(`${headLimit} bytes of headers in one STOMP frame`)
          return empty
        }
        const frame = frameOf(head.toString('utf8', 0, end))
        frames.push(frame)
        const length = Number.parseInt(frame.headers.get('content-length') ?? '', 10)
        // "All frames MAY include a content-length header … the octet count for the length of the message body."
        this.#place = length >= 0 ? { in: 'body', remaining: length + 1 } : { in: 'open body' }
        return head.subarray(end)
      }
    }
  }
}

/** Line ends between frames: they are heart-beats. */
function gap(data: Buffer): number {
  let at = 0
  while (data[at] === lf || data[at] === cr || data[at] === 0) at += 1
  return at
}

/** Where the body begins: after the first empty line. */
function headEnd(data: Buffer, from: number): number | undefined {
  for (let at = data.indexOf(lf, from); at >= 0; at = data.indexOf(lf, at + 1)) {
    if (data[at + 1] === lf) return at + 2
    if (data[at + 1] === cr && data[at + 2] === lf) return at + 3
  }
  return undefined
}

function frameOf(head: string): StompFrame {
  const [command = '', ...lines] = head.split(/\r?\n/)
  const headers = new Map<string, string>()
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon)
    if (colon > 0 && !headers.has(name)) headers.set(name, line.slice(colon + 1))
  }
  return { command, headers }
}

/** A frame without a body, as it travels. */
export function stompFrame(command: string, headers: Iterable<[string, string]>): string {
  const lines = [...headers].map(([name, value]) => `${name}:${value}\n`)
  return `${command}\n${lines.join('')}\n\0`
}
