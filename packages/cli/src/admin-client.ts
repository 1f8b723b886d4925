// Speaks to the admin port of a running gateway.
import http from 'node:http'
import https from 'node:https'
import { Failure, type Io, printJson } from './output.ts'

export interface AdminFlags {
  admin: string
  token?: string
  json?: boolean
}

/** Milliseconds that an answer may take, unless the gateway has to wait for something itself. */
const answerWithin = 10_000
const answerBytesAtMost = 64 * 1024 * 1024

interface AskOptions {
  body?: object
  /** Milliseconds; infinite for what lasts as long as the gateway says. */
  within?: number
}

/** Asks the gateway something; rejects with a Failure that says why there is no answer. */
export type Ask = <A>(method: 'GET' | 'POST', path: string, options?: AskOptions) => Promise<A>

/** Asks the gateway that the flags name. */
export function askGateway(io: Io, flags: AdminFlags): Ask {
  return (method, path, options) => request(io, flags, method, path, options)
}

/**
 * Runs an admin command: with `--json` the answer, or the error, is the one document printed. `failed`: why the exit
 * status is 1 all the same, though there is an answer to show.
 */
export async function runAdminCommand<T>(
  io: Io,
  flags: AdminFlags,
  ask: (ask: Ask) => Promise<T>,
  show: (answer: T) => string,
  failed: (answer: T) => string | undefined = () => undefined,
): Promise<void> {
  let answer: T
  try {
    answer = await ask(askGateway(io, flags))
  } catch (error) {
    if (!(error instanceof Failure) || !flags.json) throw error
    printJson(io, problemOf(error))
    throw new Failure(error.status, [], error.code)
  }
  if (flags.json) printJson(io, answer)
  else io.stdout.write(show(answer))
  const words = failed(answer)
  if (words !== undefined) throw new Failure(1, flags.json ? [] : words)
}

/** A failure as a document. */
export function problemOf({ code, lines }: Failure) {
  return { error: { code, message: lines.join('\n') } }
}

async function request<A>(
  io: Io,
  flags: AdminFlags,
  method: 'GET' | 'POST',
  path: string,
  { body, within = answerWithin }: AskOptions = {},
): Promise<A> {
  const base = adminUrl(flags.admin)
  const { status, text } = await send(new URL(path, base), method, headersFor(io, flags, body), body, within)
  const answer = parse(text)
  if (status >= 200 && status < 300 && answer !== undefined) return answer as A
  const error = (answer as { error?: { code?: string; message?: string; problems?: string[] } } | undefined)
    ?.error
  if (!error)
    throw new Failure(1, `${base.origin} does not answer like a Holdfast admin port`, 'not_holdfast')
  const lines = error.problems ?? []
  throw new Failure(1, [`${error.message}`, ...lines], error.code)
}

function headersFor(io: Io, flags: AdminFlags, body?: object): http.OutgoingHttpHeaders {
  const token = flags.token ?? io.env.HOLDFAST_ADMIN_TOKEN
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new Failure(2, 'the token holds characters that a header cannot carry; check --token')
  }
  return {
    accept: 'application/json',
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body && { 'content-type': 'application/json' }),
  }
}

/** `http://host:port`, also from `host:port`. */
function adminUrl(text: string): URL {
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`)
    if (url.protocol === 'http:' || url.protocol === 'https:') return url
  } catch {}
  throw new Failure(2, `--admin '${text}' is not a URL; write it like http://127.0.0.1:10120`, 'bad_url')
}

function send(
  url: URL,
  method: string,
  headers: http.OutgoingHttpHeaders,
  body: object | undefined,
  within: number,
): Promise<{ status: number; text: string }> {
  const { request } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    const fail = (words: string, code: string) => reject(new Failure(1, words, code))
    const sent = request(url, { method, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
        if (text.length > answerBytesAtMost) sent.destroy()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      response.on('error', () => fail(`${url.origin} broke off its answer`, 'broken_off'))
    })
    if (Number.isFinite(within)) {
      sent.setTimeout(within, () => {
        fail(`${url.origin} did not answer in ${within / 1000} s`, 'no_answer')
        sent.destroy()
      })
    }
    sent.on('error', (error: NodeJS.ErrnoException) => fail(unreachable(url, error), 'unreachable'))
    sent.end(body && JSON.stringify(body))
  })
}

function unreachable(url: URL, { code }: NodeJS.ErrnoException): string {
  if (code === 'ECONNREFUSED') {
    return `no gateway answers at ${url.origin}; start one, or name its admin port with --admin`
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `the name '${url.hostname}' is not known; check --admin`
  if (code === 'ECONNRESET') return `${url.origin} broke off; is that the admin port?`
  return `cannot reach ${url.origin} (${code ?? 'unknown reason'}); check --admin`
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
