import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import type { Duplex } from 'node:stream'
import { awaitedLater, waitLimitMs, within } from './eventually.ts'
import { FramePeer, type FramePeerOptions } from './frame-peer.ts'
import { once } from './once.ts'

export interface H2Options extends FramePeerOptions {
  /** Path with query. Default '/'. */
  path?: string
  protocols?: string[]
  extensions?: string
  /** Further headers; one of the handshake's own names replaces it, '' removes it. */
  headers?: Record<string, string>
  /** Milliseconds to wait for the answer. Default: that of `eventually`. */
  limit?: number
}

/** A WebSocket over one HTTP/2 stream (RFC 8441). `status` is 200 when the handshake succeeded. */
export class H2Client extends FramePeer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly #stream: ClientHttp2Stream
  #body = ''

  constructor(stream: ClientHttp2Stream, headers: IncomingHttpHeaders, options: FramePeerOptions) {
    super(stream as Duplex, 'client', options)
    this.#stream = stream
    this.headers = headers
    this.status = Number(headers[':status'])
    if (this.status === 200) this.startFrames()
    else this.#startBody()
  }

  #startBody(): void {
    const onData = (chunk: Buffer) => {
      this.#body += String(chunk)
    }
    this.#stream.on('data', onData).resume()
  }

  get protocol(): string | undefined {
    return this.headers['sec-websocket-protocol'] as string | undefined
  }

  /** The body of an answer that is not a 200. */
  async body(limit?: number): Promise<string> {
    await this.ended(limit)
    return this.#body
  }

  /** Waits until the stream is over on both sides; the code of its RST_STREAM, 0 when there was none. */
  async resetCode(limit = waitLimitMs): Promise<number> {
    const stream = this.#stream
    const closed = new Promise((resolve) => (stream.closed ? resolve(0) : stream.once('close', resolve)))
    await within(limit, 'the close of an HTTP/2 stream', closed)
    return stream.rstCode
  }
}

/** An HTTP/2 connection, for any number of WebSockets. */
export interface H2Session extends AsyncDisposable {
  readonly session: ClientHttp2Session
  /** Sends an extended CONNECT and waits for the answer, whatever it is. */
  websocket(options?: H2Options): Promise<H2Client>
}

/**
 * Connects by TLS with ALPN h2 and waits for SETTINGS_ENABLE_CONNECT_PROTOCOL (RFC 8441 3). `own`: the certificate that it shows.
 */
export async function h2Session(
  url: string | URL,
  own: { cert?: string; key?: string } = {},
): Promise<H2Session> {
  const { host } = new URL(url)
  const session = http2.connect(`https://${host}`, { rejectUnauthorized: false, ...own })
  session.on('error', () => {})
  const close = async () => {
    if (session.closed) return session.destroy()
    const closed = new Promise((resolve) => session.once('close', resolve))
    session.destroy()
    await closed
  }
  try {
    await once(session, 'remoteSettings', { what: `HTTP/2 settings of ${host}` })
    if (!session.remoteSettings.enableConnectProtocol) {
      throw new Error(`${host} does not allow extended CONNECT`)
    }
  } catch (error) {
    await close()
    throw error
  }
  return {
    session,
    websocket: (options) => open(session, host, options),
    [Symbol.asyncDispose]: close,
  }
}

/** One WebSocket over an HTTP/2 connection of its own, which ends with it. */
export function h2Client(url: string | URL, options: H2Options = {}): Promise<H2Client> {
  return awaitedLater(shakeHands(url, options))
}

async function shakeHands(url: string | URL, options: H2Options): Promise<H2Client> {
  const { pathname, search } = new URL(url)
  const session = await h2Session(url)
  try {
    const client = await session.websocket({ path: pathname + search, ...options })
    client.stream.once('close', () => void session[Symbol.asyncDispose]())
    return client
  } catch (error) {
    await session[Symbol.asyncDispose]()
    throw error
  }
}

async function open(session: ClientHttp2Session, authority: string, options: H2Options = {}) {
  const headers: Record<string, string> = {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':path': options.path ?? '/',
    ':authority': authority,
    'sec-websocket-version': '13',
  }
  if (options.protocols?.length) headers['sec-websocket-protocol'] = options.protocols.join(', ')
  if (options.extensions) headers['sec-websocket-extensions'] = options.extensions
  Object.assign(headers, options.headers)
  for (const [name, value] of Object.entries(headers)) if (value === '') delete headers[name]
  const stream = session.request(headers, { endStream: false })
  stream.pause()
  const answered = new Promise<IncomingHttpHeaders>((resolve, reject) => {
    stream.once('response', resolve).once('error', reject)
    stream.once('close', () => reject(new Error(`stream closed with ${stream.rstCode} before an answer`)))
  })
  try {
    const response = await within(
      options.limit ?? waitLimitMs,
      `an HTTP/2 answer for ${headers[':path']}`,
      answered,
    )
    return new H2Client(stream, response, options)
  } catch (error) {
    stream.on('error', () => {})
    stream.destroy()
    throw error
  }
}
