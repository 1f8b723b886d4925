// What a connection has handed on, either way, over all its upstreams and processes.
import type { Direction, Traffic } from '../core/index.ts'
import type { FrameReader } from '../wire/index.ts'

type Counted = Pick<FrameReader, 'messages' | 'bytes'>

/** The two sides; another upstream each time that there is a new one. */
interface Sides {
  readonly client: { readonly reader: Counted }
  readonly upstream: { readonly reader: Counted }
}

const noTraffic: Traffic = {
  messages: { 'to-upstream': 0, 'to-client': 0 },
  bytes: { 'to-upstream': 0, 'to-client': 0 },
}

export class TrafficCount {
  readonly #sides: Sides
  /** In processes before this one. */
  readonly #carried: Traffic
  /** What upstreams before this one sent. */
  #messagesBefore = 0
  #bytesBefore = 0
  /** What the readers had counted in another process. */
  #before = noTraffic

  constructor(sides: Sides, carried = noTraffic) {
    this.#sides = sides
    this.#carried = carried
  }

  /** What has been handed on in this process. */
  get here(): Traffic {
    return add(this.#passed, this.#before, -1)
  }

  /** What has been handed on since the connection began. */
  get total(): Traffic {
    return add(this.here, this.#carried)
  }

  get #passed(): Traffic {
    const { client, upstream } = this.#sides
    return {
      messages: {
        'to-upstream': client.reader.messages,
        'to-client': this.#messagesBefore + upstream.reader.messages,
      },
      bytes: {
        'to-upstream': client.reader.bytes,
        'to-client': this.#bytesBefore + upstream.reader.bytes,
      },
    }
  }

  /** The readers have come from another process, with what they had counted there. */
  unpacked(): void {
    this.#before = this.#passed
  }

  /** Another upstream takes the place of the one that this has read. */
  upstreamLeft({ messages, bytes }: Counted): void {
    this.#messagesBefore += messages
    this.#bytesBefore += bytes
  }
}

type ByDirection = Record<Direction, number>

function sum(a: ByDirection, b: ByDirection, sign: number): ByDirection {
  return {
    'to-upstream': a['to-upstream'] + sign * b['to-upstream'],
    'to-client': a['to-client'] + sign * b['to-client'],
  }
}

function add(a: Traffic, b: Traffic, sign = 1): Traffic {
  return { messages: sum(a.messages, b.messages, sign), bytes: sum(a.bytes, b.bytes, sign) }
}
