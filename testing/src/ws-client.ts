import type { IncomingMessage } from 'node:http'
import { type ClientOptions, WebSocket } from 'ws'
import { waitLimitMs, within } from './eventually.ts'
import { WsPeer } from './ws-peer.ts'

export interface WsClientOptions extends ClientOptions {
  protocols?: string[]
}

/** An HTTP answer in place of the 101. */
export interface Refusal {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

/** A client of the `ws` package. Certificates are not checked. */
export class WsClient extends WsPeer {
  /** Resolves at the 101; fails, also past ten seconds, when there is none. */
  readonly opened: Promise<void>
  /** Resolves with the answer that was not a 101. Pending for ever when there is none. */
  readonly refused: Promise<Refusal>

  constructor(url: string | URL, { protocols = [], ...options }: WsClientOptions = {}) {
    super(new WebSocket(url, protocols, { rejectUnauthorized: false, ...options }))
    const { socket } = this
    this.refused = new Promise((resolve) => {
      socket.on('unexpected-response', (request, response) => {
        void readBody(response).then((body) => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body })
          request.destroy()
          socket.terminate()
        })
      })
    })
    const opening = new Promise<void>((resolve, reject) => {
      socket.on('open', resolve)
      socket.on('close', () => reject(this.error ?? new Error('closed before it was open')))
      void this.refused.then(({ status, body }) => reject(new Error(`refused with ${status}: ${body}`)))
    })
    this.opened = within(waitLimitMs, `open of ${url}`, opening)
    this.opened.catch(() => {})
  }
}

/** Starts to connect; await `opened`, `closed` or `refused`. */
export function wsClient(url: string | URL, options?: WsClientOptions): WsClient {
  return new WsClient(url, options)
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of response) chunks.push(chunk)
  } catch {
    // Cut short: what came is the body.
  }
  return Buffer.concat(chunks).toString()
}
