import crypto from 'node:crypto'
import type { ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { Accepted, askWhetherReset, streamOf } from '../wire/index.ts'
import type { HeaderList } from './headers.ts'
import {
  answerHttp1,
  answerHttp2,
  bodyTimeoutMs,
  type HttpAnswer,
  head,
  respond,
  writableFields,
} from './http-answer.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** The answer that opens a WebSocket. `headers` are end-to-end ones beside those of the handshake. */
export interface AcceptAnswer {
  protocol?: string
  extensions?: string
  headers: HeaderList
}

/** The client's end of a handshake, the same for HTTP/1.1 and HTTP/2. The first answer counts. */
export interface ClientHandshake {
  request: UpgradeRequest
  /** Whether it has said that it is a client of ours, which understands being told in band. */
  ours: boolean
  /** Number of the front that does TLS with it, where another process does. */
  front?: number | undefined
  /** Aborted when the client leaves before it was answered. */
  signal: AbortSignal
  /** Calls back, once, when the client has sent more than `bytes` before its answer. */
  onEarly: (bytes: number, act: () => void) => void
  /**
   * Sends the 101 (HTTP/2: `:status` 200) and returns what carries the frames, paused, with the bytes that the client sent
   * early already put back: for `wireOf` or `streamOf`, at once. When the client has left, it is already destroyed.
   */
  accept(answer: AcceptAnswer): Duplex | Accepted
  /** Sends an HTTP answer and ends the connection (HTTP/2: the stream). Never throws. */
  refuse(answer: HttpAnswer): void
  /** Ends it after a fault of the gateway's own: a 500 when nothing was said yet, else the stream goes. */
  fail(): void
}

export interface HandshakeLimits {
  /** Bytes that a client may send before it was answered; then it is not read any more. Default 64 KiB. */
  early?: number
  /** Milliseconds that handing on a refusal's streamed body may take. Default 30 s. */
  body?: number
}

/** A request that was read, and whether a client of ours made it. */
type Read = { request: UpgradeRequest; ours?: boolean; front?: number | undefined }

/** A handshake over HTTP/1.1; `early` are the bytes that came behind the request. */
export function http1Handshake(
  { request, ours = false, front }: Read,
  client: Duplex | Accepted,
  early: Buffer,
  limits: HandshakeLimits = {},
): ClientHandshake {
  return handshake({ request, ours, front }, client, early, limits, {
    accept: (answer) => client.write(head(101, [...upgradeFields(request.key), ...openingFields(answer)])),
    refuse: (answer) => answerHttp1(streamOf(client), answer, limits.body ?? bodyTimeoutMs),
  })
}

/** A handshake over HTTP/2: RFC 8441, an extended CONNECT. */
export function http2Handshake(
  { request, ours = false, front }: Read,
  stream: ServerHttp2Stream,
  limits: HandshakeLimits = {},
): ClientHandshake {
  return handshake({ request, ours, front }, stream, Buffer.alloc(0), limits, {
    // HTTP/2 has no 101 (RFC 9113 8.6); as with any CONNECT, a 2xx opens the stream (RFC 9110 9.3.6).
    accept: (answer) => respond(stream, 200, openingFields(answer)),
    refuse: (answer) => answerHttp2(stream, answer, limits.body ?? bodyTimeoutMs),
  })
}

interface Answers {
  accept(answer: AcceptAnswer): void
  refuse(answer: HttpAnswer): void
}

/** Stays on the stream for as long as that lives, so that it must not be a closure over the handshake. */
function ignore(): void {}

function handshake(
  read: Pick<ClientHandshake, 'request' | 'ours' | 'front'>,
  stream: Duplex | Accepted,
  early: Buffer,
  limits: HandshakeLimits,
  answers: Answers,
): ClientHandshake {
  // What goes wrong on a stream shows in its 'close'.
  if (!(stream instanceof Accepted)) stream.on('error', ignore)
  const watch = watchWaiting(stream, early, limits.early ?? 64 * 1024)
  let answered = false
  const once = (act: () => void) => {
    if (answered) return
    answered = true
    watch.stop()
    try {
      act()
    } catch {
      stream.destroy()
    }
  }
  return {
    ...read,
    signal: watch.signal,
    onEarly: watch.onEarly,
    accept(answer) {
      once(() => {
        if (!stream.writable) return void stream.destroy()
        answers.accept(answer)
        watch.putBack()
      })
      return stream
    },
    refuse(answer) {
      if (answered && typeof answer.body === 'object') answer.body.destroy()
      once(() => answers.refuse(answer))
    },
    fail() {
      if (answered) stream.destroy()
      else once(() => answers.refuse({ status: 500, headers: [], body: 'the gateway could not do this\n' }))
    },
  }
}

/** Milliseconds between two looks at a waiting client that is not read any more. */
const askEveryMs = 1000

/** Reads a client that waits for its answer, to notice that it leaves; keeps what it sends, up to a cap. */
function watchWaiting(stream: Duplex | Accepted, early: Buffer, cap: number) {
  const left = new AbortController()
  const chunks = early.length > 0 ? [early] : []
  let size = early.length
  let timer: NodeJS.Timeout | undefined
  let onEarly = { bytes: Number.POSITIVE_INFINITY, act: () => {} }
  const ask = () => {
    if (stream instanceof Accepted) stream.askWhetherReset()
    else askWhetherReset(stream)
  }
  const full = () => {
    stream.pause()
    timer ??= setInterval(ask, askEveryMs).unref()
  }
  const keep = (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size >= cap) full()
    checkEarly()
  }
  const checkEarly = () => {
    if (size <= onEarly.bytes) return
    const { act } = onEarly
    onEarly = { bytes: Number.POSITIVE_INFINITY, act: () => {} }
    act()
  }
  const stop = () => {
    clearInterval(timer)
    if (stream instanceof Accepted) return stream.stop()
    stream.off('data', keep).off('end', leave).off('close', leave).off('aborted', leave)
    stream.pause()
  }
  const leave = () => {
    stop()
    stream.destroy()
    left.abort()
  }
  // 'aborted': an HTTP/2 stream was reset, which does not end one that is not read.
  if (stream instanceof Accepted) stream.read({ onBytes: keep, onLeft: leave })
  else stream.on('data', keep).on('end', leave).on('close', leave).on('aborted', leave).resume()
  if (size >= cap) full()
  return {
    signal: left.signal,
    stop,
    onEarly(bytes: number, act: () => void) {
      onEarly = { bytes, act }
      checkEarly()
    },
    putBack() {
      if (chunks.length > 0) stream.unshift(Buffer.concat(chunks))
    },
  }
}

/** In one call where the runtime has it: half of the cost. */
const sha1: (text: string) => string =
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha1', text, 'base64')
    : (text) => crypto.createHash('sha1').update(text).digest('base64')

/** RFC 6455 4.2.2: key and GUID, SHA-1, base64. */
export function acceptKey(key: string): string {
  return sha1(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
}

function upgradeFields(key: string): HeaderList {
  return [
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Accept', acceptKey(key)],
  ]
}

const setHere = /^(?:content-length|sec-websocket-(?:accept|protocol|extensions|version))$/i

function openingFields({ protocol, extensions, headers }: AcceptAnswer): HeaderList {
  const fields: HeaderList = headers.filter(([name]) => !setHere.test(name))
  if (protocol) fields.unshift(['Sec-WebSocket-Protocol', protocol])
  if (extensions) fields.unshift(['Sec-WebSocket-Extensions', extensions])
  return writableFields(fields)
}
