// The server of the page "Try it": the site, and beside it what the page asks of the playground. It is on the same
// origin as the page, so a browser has nothing to ask its user. On loopback alone, and for its own page alone: another
// page on this machine's browser must not reach it (DNS rebinding, cross-site requests, frames).
import { randomBytes, timingSafeEqual } from 'node:crypto'
import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerFromSite, forward } from '../site-server.ts'
import { type Action, actions, NotNow, type Playground } from './playground.ts'

/** The page, and what it asks: beside the site's files, so that it lies in the same place wherever the site is. */
const sitePath = '/docs/'
const tryPath = `${sitePath}en/try/`
const controlPath = `${sitePath}try.json`

const maxBodyBytes = 1024
const tokenHeader = 'x-holdfast-demo'

class Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

export class ControlServer implements AsyncDisposable {
  readonly #playground: Pick<Playground, 'act' | 'snapshot'>
  readonly #token = randomBytes(16).toString('hex')
  readonly #server: http.Server
  #port = 0

  private constructor(playground: Pick<Playground, 'act' | 'snapshot'>) {
    this.#playground = playground
    this.#server = http.createServer(
      { requestTimeout: 10_000, headersTimeout: 5000 },
      (request, response) => {
        void this.#answer(request, response)
      },
    )
    this.#server.maxConnections = 64
  }

  static async listen(playground: Pick<Playground, 'act' | 'snapshot'>): Promise<ControlServer> {
    const server = new ControlServer(playground)
    await new Promise<void>((resolve, reject) => {
      server.#server.once('error', reject).listen(0, '127.0.0.1', resolve)
    })
    server.#port = (server.#server.address() as AddressInfo).port
    return server
  }

  /** The page's address. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}${tryPath}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? ''
    const [path] = (request.url ?? '/').split(/[?#]/, 1) as [string]
    response.setHeader('content-security-policy', "frame-ancestors 'none'")
    response.setHeader('cross-origin-resource-policy', 'same-origin')
    response.setHeader('cache-control', 'no-store')
    try {
      this.#checkHost(request)
      if (path === controlPath) {
        const status = await this.#control(request, method)
        return json(response, status, this.#state())
      }
      if (path === '/' || path === '/docs') return forward(response, tryPath)
      await answerFromSite(path.startsWith(sitePath) ? path.slice(sitePath.length) : '.', method, response)
    } catch (error) {
      const { status, code, message } = error instanceof Refusal ? error : unexpected(error)
      // What was not read of a body must not be taken for the next request.
      if (!request.complete) response.setHeader('connection', 'close')
      json(response, status, { ...(status === 409 && this.#state()), error: { code, message } })
    }
  }

  /** A name that resolves to this machine, and is not one of its own, is DNS rebinding. */
  #checkHost({ headers: { host, origin } }: IncomingMessage): void {
    if (host !== `127.0.0.1:${this.#port}` && host !== `localhost:${this.#port}`)
      throw new Refusal(403, 'wrong_host', `open http://127.0.0.1:${this.#port}/`)
    if (origin !== undefined && origin !== `http://${host}`)
      throw new Refusal(403, 'wrong_origin', 'only its own page may ask this server')
  }

  async #control(request: IncomingMessage, method: string): Promise<number> {
    if (method === 'GET') return 200
    if (method !== 'POST') throw new Refusal(405, 'wrong_method', 'use GET or POST here')
    // A browser sends the origin with every POST; the header and the type of the body it sends to its own origin alone.
    if (request.headers.origin === undefined)
      throw new Refusal(403, 'wrong_origin', 'only its own page may ask this server')
    if (!same(request.headers[tokenHeader], this.#token))
      throw new Refusal(
        403,
        'wrong_token',
        `send the token of the state in ${tokenHeader}; load the page anew`,
      )
    const action = actionOf(await bodyOf(request))
    try {
      await this.#playground.act(action)
    } catch (error) {
      if (error instanceof NotNow) throw new Refusal(409, 'not_now', error.message)
      throw error
    }
    return 200
  }

  #state() {
    return { demo: { token: this.#token, ...this.#playground.snapshot } }
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  // The stream is not destroyed when reading stops: the answer goes over the same socket.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > maxBodyBytes)
      throw new Refusal(413, 'too_large', `the body may measure ${maxBodyBytes} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function actionOf(text: string): Action {
  let action: unknown
  try {
    action = (JSON.parse(text) as { action?: unknown } | null)?.action
  } catch {
    throw new Refusal(400, 'bad_body', 'the body must be JSON: {"action": NAME}')
  }
  const known = actions.find((name) => name === action)
  if (known) return known
  throw new Refusal(400, 'unknown_action', `unknown action; known: ${actions.join(', ')}`)
}

function same(given: string | string[] | undefined, token: string): boolean {
  return (
    typeof given === 'string' &&
    given.length === token.length &&
    timingSafeEqual(Buffer.from(given), Buffer.from(token))
  )
}

function unexpected(error: unknown) {
  return { status: 500, code: 'failed', message: error instanceof Error ? error.message : String(error) }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-content-type-options': 'nosniff',
  })
  response.end(JSON.stringify(body))
}
