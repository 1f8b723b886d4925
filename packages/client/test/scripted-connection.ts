import type { Connection } from '../src/connection.ts'

/** A connection without a network, for tests of time: it opens and closes when the test says so. */
export class ScriptedConnection implements Connection {
  readonly url: string
  readonly protocol: string = ''
  readonly extensions = ''
  readyState = 0
  bufferedAmount = 0
  binaryType = ''
  onopen: Connection['onopen'] = null
  onmessage: Connection['onmessage'] = null
  onerror: Connection['onerror'] = null
  onclose: Connection['onclose'] = null
  readonly sent: unknown[] = []

  constructor(url: string) {
    this.url = url
  }

  send(data: unknown): void {
    this.sent.push(data)
  }

  close(_code?: number): void {
    this.readyState = 2
  }

  open(): void {
    this.readyState = 1
    this.onopen?.({ type: 'open' })
  }

  receive(data: unknown): void {
    this.onmessage?.({ type: 'message', data, origin: '' })
  }

  end(code: number, reason = '', wasClean = true): void {
    this.readyState = 3
    this.onclose?.({ type: 'close', code, reason, wasClean })
  }
}

/** A class of scripted connections, and all that were made of it, in order. */
export function scripted() {
  const made: ScriptedConnection[] = []
  const Class = class extends ScriptedConnection {
    constructor(url: string) {
      super(url)
      made.push(this)
    }
  }
  return { Class, made, last: () => made.at(-1)! }
}
