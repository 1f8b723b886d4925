import { randomBytes } from 'node:crypto'
import type net from 'node:net'
import { acceptKey } from './accept-key.ts'
import { awaitedLater, waitLimitMs, within } from './eventually.ts'
import { FramePeer, type FramePeerOptions } from './frame-peer.ts'
import { decodeBody, type HttpHead, readHead } from './http-head.ts'
import { type RawSocketOptions, rawSocket } from './raw-socket.ts'

export interface RawClientOptions extends RawSocketOptions, FramePeerOptions {
  /** Subprotocols offered, in order. */
  protocols?: string[]
  /** Value of Sec-WebSocket-Extensions. */
  extensions?: string
  /** Further headers; one of the handshake's own names replaces it, '' removes it. */
  headers?: Record<string, string | string[]>
  /** The whole request as it goes out, in place of the built one; the Sec-WebSocket-Key is read from it. */
  request?: string | Uint8Array
  /** Written right behind the request, in the same write: frames that come before the 101. */
  early?: Uint8Array
  /** Milliseconds to wait for the answer. Default: that of `eventually`. */
  limit?: number
}

/** A WebSocket client on a bare socket. `status` is 101 when the handshake succeeded. */
export class RawClient extends FramePeer {
  readonly socket: net.Socket
  /** The answer's status; 0: the connection ended without an answer. */
  readonly status: number
  /** The answer's headers by lower-case name. */
  readonly headers: Record<string, string>
  readonly #head: HttpHead | undefined
  #body = Buffer.alloc(0)

  constructor(socket: net.Socket, head: HttpHead | undefined, options: FramePeerOptions) {
    super(socket, 'client', options)
    this.socket = socket
    this.#head = head
    this.status = Number(head?.startLine.split(' ')[1] ?? 0)
    this.headers = head?.headers ?? {}
    if (this.status === 101) this.startFrames()
    else this.#startBody()
    if (!head) this.ending = socket.errored ? 'reset' : 'fin'
  }

  #startBody(): void {
    const onData = (chunk: Buffer) => {
      this.#body = Buffer.concat([this.#body, chunk])
      this.changes.notify()
    }
    this.socket.on('data', onData).resume()
  }

  /** The subprotocol that the other side selected. */
  get protocol(): string | undefined {
    return this.headers['sec-websocket-protocol']
  }

  /** The body of an answer that is not a 101. */
  async body(limit?: number): Promise<string> {
    const head = this.#head
    if (!head) throw new Error('no answer came, so it has no body')
    const whole = () => decodeBody(head, this.#body, this.ending !== undefined)
    await this.changes.until('the whole body', () => whole() !== undefined, { limit })
    return whole()!
  }

  /** Ends the connection with a RST. */
  reset(): void {
    this.socket.resetAndDestroy()
  }
}

/** Connects, sends the upgrade request and waits for the answer, whatever it is. */
export function rawClient(url: string | URL, options: RawClientOptions = {}): Promise<RawClient> {
  return awaitedLater(shakeHands(url, options))
}

async function shakeHands(url: string | URL, options: RawClientOptions): Promise<RawClient> {
  const socket = await rawSocket(url, options)
  socket.on('error', () => {})
  const request = Buffer.from(options.request ?? upgradeRequest(url, options))
  socket.write(options.early ? Buffer.concat([request, options.early]) : request)
  const head = await within(options.limit ?? waitLimitMs, `an answer to ${url}`, readHead(socket)).catch(
    (error) => {
      socket.destroy()
      throw error
    },
  )
  const client = new RawClient(socket, head, options)
  if (client.status === 101) checkAccept(client, request)
  return client
}

/** A valid upgrade request as text, to send or to spoil. */
export function upgradeRequest(url: string | URL, options: RawClientOptions = {}): string {
  const { host, pathname, search } = new URL(url)
  const headers: Record<string, string | string[]> = {
    Host: host,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': randomBytes(16).toString('base64'),
    'Sec-WebSocket-Version': '13',
  }
  if (options.protocols?.length) headers['Sec-WebSocket-Protocol'] = options.protocols.join(', ')
  if (options.extensions) headers['Sec-WebSocket-Extensions'] = options.extensions
  Object.assign(headers, options.headers)
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().flatMap((value) => (value === '' ? [] : [`${name}: ${value}`])),
  )
  return [`GET ${pathname}${search} HTTP/1.1`, ...lines, '', ''].join('\r\n')
}

function checkAccept(client: RawClient, request: Buffer): void {
  const key = /^sec-websocket-key:[ \t]*(\S+)/im.exec(request.toString('latin1'))?.[1] ?? ''
  if (client.headers['sec-websocket-accept'] === acceptKey(key)) return
  client.stream.destroy()
  throw new Error(`the answer's Sec-WebSocket-Accept does not belong to the key ${key}`)
}
