// Speaks to the admin port of a running gateway.
import http from 'node:http'
import https from 'node:https'
import { Failure, type Io, printJson } from './output.ts'
import { errorShape, parseAnswer, type Shape, shown } from './remote-answer.ts'

export interface AdminFlags {
  admin?: string
  token?: string
  json?: boolean
}

/** Milliseconds that an answer may take, unless the gateway has to wait for something itself. */
const answerTimeoutMs = 10_000
/** A list of 10,000 connections has less than half of that. */
const maxAnswerBytes = 16 * 1024 * 1024
/** Problems of a refusal that are shown. */
const maxProblems = 100

interface AskOptions {
  body?: object
  /** Milliseconds; infinite for what lasts as long as the gateway says. */
  timeoutMs?: number
  /** What the answer has to be. */
  shape: Shape
}

/** Asks the gateway something; rejects with a Failure that says why there is no answer. */
export type Ask = <A>(method: 'GET' | 'POST', path: string, options: AskOptions) => Promise<A>

/** Asks the gateway that the flags name. What comes is fit for a terminal; with `--json` it is as it was said. */
export function askGateway(io: Io, flags: AdminFlags): Ask {
  return async <A>(method: 'GET' | 'POST', path: string, options: AskOptions) => {
    const answer = await request<A>(io, flags, method, path, options)
    return flags.json ? answer : shown(answer)
  }
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
  { body, timeoutMs = answerTimeoutMs, shape }: AskOptions,
): Promise<A> {
  const place = adminPlace(io, flags)
  const { status, text } = await send(place, path, method, headersFor(io, flags, body), body, timeoutMs)
  const answer = parseAnswer(text)
  if (status >= 200 && status < 300 && shape(answer)) return answer as A
  if (status < 400 || !errorShape(answer)) {
    const how = `${place.name} does not answer like a Holdfast admin port (status ${status})`
    throw new Failure(1, `${how}; check --admin`, 'not_holdfast')
  }
  const { error } = answer as { error: { code?: string; message: string; problems?: string[] } }
  const { code, message, problems = [] } = flags.json ? error : shown(error)
  if (code === 'unauthorized') throw new Failure(1, tokenWords(io, flags, place), code)
  throw new Failure(1, [message, ...problems.slice(0, maxProblems)], code)
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

/** The API speaks of a header; here it is a flag or a variable. */
function tokenWords(io: Io, { token }: AdminFlags, { name }: AdminPlace): string {
  if (token !== undefined) return `${name} does not take the token of --token`
  return io.env.HOLDFAST_ADMIN_TOKEN
    ? `${name} does not take the token of the variable HOLDFAST_ADMIN_TOKEN`
    : `${name} wants a token: give --token, or set HOLDFAST_ADMIN_TOKEN`
}

const usualAdmin = 'http://127.0.0.1:10120'

/** Where a gateway's admin API is. */
export interface AdminPlace {
  /** As messages name it: `http://127.0.0.1:10120`, `unix:/run/admin.sock`. */
  name: string
  url: URL
  /** The file of its socket, where it has no port. */
  socketPath?: string
}

/** The admin port that is meant: `http://host:port`, also from `host:port`, or `unix:/path`. */
export function adminPlace(io: Io, { admin }: AdminFlags): AdminPlace {
  const text = admin ?? (io.env.HOLDFAST_ADMIN || usualAdmin)
  const where = admin === undefined && text !== usualAdmin ? 'HOLDFAST_ADMIN' : '--admin'
  const [, socketPath] = /^unix:(?:\/\/(?=\/))?(\/[^/].*)$/s.exec(text) ?? []
  if (socketPath !== undefined)
    return { name: `unix:${socketPath}`, url: new URL('http://localhost'), socketPath }
  if (/^(?:unix:|[./])/i.test(text))
    throw new Failure(
      2,
      `${where} '${text}' is not an admin port; a socket is written unix:/PATH, from the root on`,
      'bad_url',
    )
  try {
    const url = new URL(text.includes('://') ? text : `http://${text}`)
    if (url.protocol === 'http:' || url.protocol === 'https:') return { name: url.origin, url }
  } catch {}
  throw new Failure(2, `${where} '${text}' is not a URL; write it like http://127.0.0.1:10120`, 'bad_url')
}

function send(
  { name, url: base, socketPath }: AdminPlace,
  path: string,
  method: string,
  headers: http.OutgoingHttpHeaders,
  body: object | undefined,
  timeoutMs: number,
): Promise<{ status: number; text: string }> {
  const url = new URL(path, base)
  const { request } = url.protocol === 'https:' ? https : http
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const settle = (then: () => void) => {
      clearTimeout(timer)
      then()
      sent.destroy()
    }
    const fail = (words: string, code: string) => settle(() => reject(new Failure(1, words, code)))
    // One limit for the whole answer: one byte now and then must not keep it going.
    const limit = (ms: number) => {
      clearTimeout(timer)
      timer = setTimeout(() => fail(`${name} did not answer in ${ms / 1000} s`, 'no_answer'), ms)
    }
    const sent = request(url, { method, headers, agent: false, socketPath }, (response) => {
      // However long the answer may take: once it begins it is short.
      if (!Number.isFinite(timeoutMs)) limit(answerTimeoutMs)
      const pieces: Buffer[] = []
      let length = 0
      response.on('data', (piece: Buffer) => {
        pieces.push(piece)
        length += piece.length
        if (length > maxAnswerBytes)
          fail(`${name} answers with more than a Holdfast admin port says; check --admin`, 'not_holdfast')
      })
      response.on('end', () =>
        settle(() => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString() })),
      )
      response.on('error', () => fail(`${name} broke off its answer`, 'broken_off'))
    })
    // A WebSocket server, say, that takes every request for a handshake.
    sent.on('upgrade', () => fail(`${name} does not answer like a Holdfast admin port`, 'not_holdfast'))
    sent.on('error', (error: NodeJS.ErrnoException) => fail(unreachable(name, error), 'unreachable'))
    if (Number.isFinite(timeoutMs)) limit(timeoutMs)
    sent.end(body && JSON.stringify(body))
  })
}

function unreachable(
  name: string,
  { code, hostname }: NodeJS.ErrnoException & { hostname?: string },
): string {
  if (code === 'ECONNREFUSED' || code === 'ENOENT')
    return `no gateway answers at ${name}; start one, or name its admin port with --admin`
  if (code === 'EACCES') return `${name} may not be used by you; its mode and owner say who may`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `the name '${hostname}' is not known; check --admin`
  if (code === 'ECONNRESET') return `${name} broke off; is that the admin port?`
  if (code?.startsWith('HPE_')) return `${name} does not answer with HTTP; check --admin`
  return `cannot reach ${name} (${code ?? 'unknown reason'}); check --admin`
}
