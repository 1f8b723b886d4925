// Requests to an authority over HTTPS: each with a limit of time and size. Signing is done by jws.ts.
import https from 'node:https'
import type { Clock, UnixMs } from '../core/index.ts'
import { AcmeError } from './acme-error.ts'

export interface AcmeAnswer {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

export interface TransportOptions {
  /** PEM of the authorities for the server of the authority. Absent: those of the runtime. */
  ca?: string
  userAgent: string
  clock: Clock
  /** Ends what is under way. */
  signal: AbortSignal
}

/** Milliseconds that one request may take. */
const requestWithinMs = 15_000
/** Bytes of an answer; a certificate with its chain has some thousand. */
const maxAnswer = 256 * 1024
/** The most of what an authority says in its own words that is shown. */
const maxWords = 400
const maxRetryAfterMs = 7 * 24 * 3_600_000

export class Transport {
  readonly #options: TransportOptions
  readonly #agent: https.Agent

  constructor(options: TransportOptions) {
    this.#options = options
    this.#agent = new https.Agent({ keepAlive: true, maxSockets: 2, timeout: 30_000, ca: options.ca })
  }

  /** Rejects with an {@link AcmeError} of kind `unreachable` when there is no whole answer. */
  request(method: 'GET' | 'HEAD' | 'POST', url: string, body?: string): Promise<AcmeAnswer> {
    const { clock, userAgent, signal } = this.#options
    return new Promise((resolve, reject) => {
      const host = hostOf(url)
      const fail = (why: string) => {
        clock.clearTimeout(timer)
        reject(new AcmeError('unreachable', `${host}: ${why}`))
        req?.destroy()
      }
      const timer = clock.setTimeout(() => fail(`no answer in ${requestWithinMs / 1000} s`), requestWithinMs)
      const headers = {
        'User-Agent': userAgent,
        // RFC 8555 6.2: "Content-Type header field set to 'application/jose+json'"
        ...(body !== undefined && {
          'Content-Type': 'application/jose+json',
          'Content-Length': Buffer.byteLength(body),
        }),
      }
      let req: ReturnType<typeof https.request> | undefined
      try {
        req = https.request(url, { method, headers, agent: this.#agent, signal })
      } catch (error) {
        return fail((error as Error).message)
      }
      req.on('error', (error) => fail(error.message))
      req.on('response', (res) => {
        const parts: Buffer[] = []
        let size = 0
        res.on('data', (part: Buffer) => {
          size += part.length
          if (size > maxAnswer) fail(`its answer is larger than ${maxAnswer / 1024} KiB`)
          else parts.push(part)
        })
        res.on('error', (error) => fail(error.message))
        res.on('aborted', () => fail('it broke its answer off'))
        res.on('end', () => {
          clock.clearTimeout(timer)
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            body: Buffer.concat(parts).toString(),
          })
        })
      })
      req.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}

/** Reads an answer as JSON; undefined when it is none. */
export function jsonOf({ body }: AcmeAnswer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** RFC 9110 10.2.3: seconds, or a date. In milliseconds from now; undefined when it is not there, or neither. */
export function retryAfterOf({ headers }: Pick<AcmeAnswer, 'headers'>, now: UnixMs): number | undefined {
  const value = String(headers['retry-after'] ?? '').trim()
  if (value === '') return undefined
  const ms = /^\d{1,10}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), maxRetryAfterMs) : undefined
}

/** What an answer that is no success means. */
export function problemOf(answer: AcmeAnswer, url: string, now: UnixMs): AcmeError {
  const problem = jsonOf(answer) ?? {}
  const type = textOf(problem.type).replace(/^urn:ietf:params:acme:error:/, '')
  const words = wordsOf(problem) || `HTTP ${answer.status}`
  const init = { type: type || undefined, retryAfterMs: retryAfterOf(answer, now) }
  const message = `${hostOf(url)}: ${words}`
  if (answer.status === 429 || type === 'rateLimited') return new AcmeError('rate-limited', message, init)
  if (answer.status >= 500 || answer.status < 400) return new AcmeError('unreachable', message, init)
  return new AcmeError('refused', message, init)
}

/** What a problem document (RFC 9457) says, in one line: the words of the authority may hold a link to go on by. */
export function wordsOf(problem: unknown): string {
  const { detail, type, subproblems } = (problem ?? {}) as Record<string, unknown>
  const inner = Array.isArray(subproblems)
    ? subproblems.map((one) => textOf(one?.detail)).filter(Boolean)
    : []
  const words = [textOf(detail) || textOf(type), ...inner].join('; ')
  const printable = words.replace(/[^\x20-\x7e\xa0-\u{10ffff}]+/gu, ' ').trim()
  return printable.length > maxWords ? `${printable.slice(0, maxWords)} …` : printable
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'the authority'
}
