// Returns that reach another worker than the one that keeps the session: the handshake goes there over a socket of the
// machine, and the client's bytes after it. docs/decisions/0043.
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import net from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import type { Logger } from 'pino'
import { endTcp } from '../connection/index.ts'
import type { Clock } from '../core/index.ts'
import type { Gateway } from '../gateway.ts'
import type { ClientHandshake } from '../http/index.ts'

/** Milliseconds in which another worker must have answered. */
const answerWithinMs = 5_000
/** Bytes of a handshake, or of its answer, in JSON. */
const longestLine = 256 * 1024
/** Returns that are looked for at the same time; one more is told that its session is unknown. */
const mostInquiries = 256

export interface SessionExchangeDeps {
  /** Where the workers of a supervisor find each other. It is made when the first of them needs it. */
  folder: string
  /** The number of this worker: what tokens of its sessions begin with. */
  worker: number
  gateway: Pick<Gateway, 'serveReturn'>
  clock: Clock
  log: Logger
}

type Request = Pick<ClientHandshake, 'request' | 'ours'>
type Accepted = Parameters<ClientHandshake['accept']>[0]
type Refused = Parameters<ClientHandshake['refuse']>[0]
type Answer = { has: false } | { accept: Accepted } | { refuse: Refused }

export class SessionExchange {
  readonly #deps: SessionExchangeDeps
  #server: net.Server | undefined
  readonly #joined = new Set<Duplex>()
  #inquiries = 0

  constructor(deps: SessionExchangeDeps) {
    this.#deps = deps
  }

  /** Answers other workers from now on. */
  listen(): void {
    if (this.#server) return
    const { folder, log } = this.#deps
    try {
      makeOwn(folder)
    } catch (error) {
      return log.error({ folder, err: error }, 'sessions cannot be found by other workers')
    }
    const path = this.#pathOf(String(this.#deps.worker))
    rmSync(path, { force: true })
    this.#server = net.createServer({ allowHalfOpen: true }, (socket) => void this.#onInquiry(socket))
    this.#server.on('error', (error) =>
      log.error({ path, err: error }, 'sessions cannot be found by other workers'),
    )
    this.#server.listen(path).unref()
  }

  #pathOf(worker: string): string {
    return join(this.#deps.folder, `${worker}.sock`)
  }

  /** Another worker has a client that comes back. */
  async #onInquiry(socket: net.Socket): Promise<void> {
    socket.on('error', () => {})
    const asked = await firstLine<Request>(socket, this.#deps.clock)
    if (!asked) return void socket.destroy()
    const say = (answer: Answer) => `${JSON.stringify(answer)}\n`
    const left = new AbortController()
    socket.once('close', () => left.abort())
    const served = this.#deps.gateway.serveReturn({
      ...asked,
      signal: left.signal,
      onEarly() {},
      accept(answer) {
        socket.write(say({ accept: answer }))
        return socket
      },
      refuse(answer) {
        if (typeof answer.body === 'object') answer.body.destroy()
        const body = typeof answer.body === 'string' ? { body: answer.body } : {}
        socket.end(say({ refuse: { ...answer, body: undefined, ...body } }))
      },
      fail: () => socket.destroy(),
    })
    if (!served) socket.end(say({ has: false }))
  }

  /** Looks for the worker that keeps the session of this token, and lets it serve the client. False: there is none. */
  async elsewhere(handshake: ClientHandshake, token: string): Promise<boolean> {
    // What no worker has made is not asked about.
    const [, hint] = /^(\d{1,12})-[A-Za-z0-9_-]{43}$/.exec(token) ?? []
    if (hint === undefined || !this.#server || this.#inquiries >= mostInquiries) return false
    this.#inquiries++
    try {
      for (const worker of this.#others(hint)) {
        if (handshake.signal.aborted) return false
        if (await this.#ask(worker, handshake)) return true
      }
      return false
    } finally {
      this.#inquiries--
    }
  }

  /** The workers that there are but this one, the one of the hint first: it need not be true. */
  #others(hint: string): string[] {
    const names = readdirSync(this.#deps.folder).map((name) => name.replace(/\.sock$/, ''))
    const others = names.filter((name) => name !== String(this.#deps.worker))
    return others.sort((a, b) => Number(b === hint) - Number(a === hint))
  }

  async #ask(worker: string, handshake: ClientHandshake): Promise<boolean> {
    const socket = net.connect({ path: this.#pathOf(worker), allowHalfOpen: true })
    socket.on('error', () => {})
    const { request, ours } = handshake
    socket.write(`${JSON.stringify({ request, ours })}\n`)
    const answer = await firstLine<Answer>(socket, this.#deps.clock)
    if (!answer || 'has' in answer) {
      socket.destroy()
      return false
    }
    if ('refuse' in answer) {
      socket.destroy()
      handshake.refuse(answer.refuse)
    } else this.#join(handshake.accept(answer.accept), socket)
    return true
  }

  #join(client: Duplex, other: net.Socket): void {
    this.#joined.add(client)
    client.on('error', () => {})
    client.pipe(other)
    other.pipe(client)
    const over = () => {
      this.#joined.delete(client)
      other.destroy()
    }
    client.once('close', over).once('aborted', over)
    if (client.destroyed) over()
    other.once('close', () => endTcp(client, this.#deps.clock))
  }

  /** Others have this worker's place: the clients whose sessions are elsewhere come back to one of those. */
  leave(): void {
    for (const client of this.#joined) client.destroy()
  }

  stop(): void {
    this.leave()
    if (!this.#server) return
    this.#server.close()
    rmSync(this.#pathOf(String(this.#deps.worker)), { force: true })
    this.#server = undefined
  }
}

/** @throws {Error} It cannot be made, or is somebody else's. */
function makeOwn(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    const { mode, uid } = lstatSync(folder)
    // Not a link, and nobody else's.
    if ((mode & 0o170077) !== 0o040000 || uid !== process.getuid?.()) throw error
  }
}

/** The first line as JSON; what follows it stays in the stream, which is paused. Undefined: none came in time. */
function firstLine<T>(socket: net.Socket, clock: Clock): Promise<T | undefined> {
  return new Promise((resolve) => {
    let seen = Buffer.alloc(0)
    const settle = (line: T | undefined) => {
      clock.clearTimeout(timer)
      socket.off('data', onData).off('close', onClose).off('end', onClose)
      resolve(line)
    }
    const onClose = () => settle(undefined)
    const onData = (chunk: Buffer) => {
      seen = Buffer.concat([seen, chunk])
      const end = seen.indexOf(0x0a)
      if (end < 0) return seen.length > longestLine ? settle(undefined) : undefined
      socket.pause()
      const rest = seen.subarray(end + 1)
      settle(parse<T>(seen.toString('utf8', 0, end)))
      if (rest.length > 0) socket.unshift(rest)
    }
    const timer = clock.setTimeout(() => settle(undefined), answerWithinMs)
    socket.on('data', onData).once('close', onClose).once('end', onClose)
  })
}

/** What is written here comes from a process of the same user; what cannot be read counts as nothing. */
function parse<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T
  } catch {
    return undefined
  }
}
