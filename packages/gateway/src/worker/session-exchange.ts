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
import type { ClientHandshake, UpgradeRequest } from '../http/index.ts'
import { DialTurns, longestGiven } from '../relay/index.ts'
import { readHint } from '../resume/index.ts'
import type { GivingAsk, GivingLine } from '../session/index.ts'
import { streamOf, wireOf } from '../wire/index.ts'
import { nextLine, SocketLine } from './socket-line.ts'

/** Milliseconds in which another worker must have said whether it has a session. */
const answerWithinMs = 5_000
/** The same for what comes of its checks, such as `auth`; they have limits of their own. */
const decideWithinMs = 600_000
/** Bytes of a handshake, or of its answer, in JSON. */
const longestLine = 256 * 1024
/** Returns whose sessions are looked for at the same time; of one more it is not known whether another worker has its session. */
const mostInquiries = 256

/** Sessions of other workers that are given at the same time; the next wait. */
const mostGiving = 32
/** A handshake that comes back to nothing: a worker of before, which knows of no other question, answers that it has no such session. */
const nobody: UpgradeRequest = {
  ...{ httpVersion: '1.1', target: '/', host: '', authority: '', headers: [], key: '' },
  ...{ protocols: [], extensions: '', address: '' },
}

/** Errors of a socket whose worker has ended: it has no session any more. */
const goneCodes = ['ECONNREFUSED', 'ENOENT']

export interface SessionExchangeDeps {
  /** Where the workers of a supervisor find each other. It is made when the first of them needs it. */
  folder: string
  /** The number of this worker: what tokens of its sessions begin with. */
  worker: number
  gateway: Pick<Gateway, 'serveReturn' | 'giveFor'>
  clock: Clock
  log: Logger
}

/** `hears`: it waits for what comes of the checks when it was told that the session is here. */
type Request = Pick<ClientHandshake, 'request' | 'ours' | 'front'> & {
  hears?: true
  /** In place of a client: a session is to be given to another node, whose connection the asking worker has. */
  gives?: GivingAsk
}
type Accepted = Parameters<ClientHandshake['accept']>[0]
type Refused = Parameters<ClientHandshake['refuse']>[0]
type Answer = { has: boolean } | { accept: Accepted } | { refuse: Refused }

/** A worker that has the session, and what it has said. */
interface Found {
  socket: net.Socket
  answer: Answer
}

export class SessionExchange {
  readonly #deps: SessionExchangeDeps
  #server: net.Server | undefined
  readonly #joined = new Set<Duplex>()
  #inquiries = 0
  readonly #givingTurns = new DialTurns(mostGiving)
  #hasLeft = false

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
    const asked = await nextLine<Request>(socket, this.#deps.clock, answerWithinMs, longestLine)
    if (!asked) return void socket.destroy()
    if (asked.gives) return this.#give(asked.gives, socket)
    let isDecided = false
    const say = (answer: Answer) => {
      isDecided = true
      return `${JSON.stringify(answer)}\n`
    }
    const left = new AbortController()
    socket.once('close', () => left.abort())
    // Until it is answered, the end of one half is the end of the other worker's wish: the client has left.
    const onEnd = () => socket.destroy()
    socket.once('end', onEnd)
    const served = this.#deps.gateway.serveReturn({
      ...asked,
      signal: left.signal,
      onEarly() {},
      accept(answer) {
        socket.off('end', onEnd)
        socket.write(say({ accept: answer }))
        return socket
      },
      refuse(answer) {
        socket.off('end', onEnd)
        if (typeof answer.body === 'object') answer.body.destroy()
        const body = typeof answer.body === 'string' ? { body: answer.body } : {}
        socket.end(say({ refuse: { ...answer, body: undefined, ...body } }))
      },
      fail: () => socket.destroy(),
    })
    if (!served) socket.end(say({ has: false }))
    else if (asked.hears && !isDecided) socket.write(say({ has: true }))
  }

  #give(asked: GivingAsk, socket: net.Socket): void {
    const line = new SocketLine(socket, { clock: this.#deps.clock, longest: longestGiven })
    if (this.#deps.gateway.giveFor(asked, line)) return
    line.say({ has: false })
    line.end()
  }

  /**
   * Asks that worker, which has the session of a connection of here, to give it to another node. Undefined: it cannot be reached, or there is
   * no time left.
   */
  async lineTo(worker: number, { withinMs, ...ask }: GivingAsk): Promise<GivingLine | undefined> {
    const { clock } = this.#deps
    const until = clock.now() + withinMs
    if (!(await this.#givingTurns.take(withinMs, clock))) return undefined
    const socket = net.connect({ path: this.#pathOf(String(worker)), allowHalfOpen: true })
    const onOver = () => this.#givingTurns.end()
    const line = new SocketLine(socket, { clock, longest: longestLine, onOver })
    const isThere = await new Promise<boolean>((resolve) => {
      const timer = clock.setTimeout(() => resolve(false), answerWithinMs)
      const settle = (is: boolean) => {
        clock.clearTimeout(timer)
        resolve(is)
      }
      socket.once('connect', () => settle(true)).once('close', () => settle(false))
    })
    if (!isThere) {
      socket.destroy()
      return undefined
    }
    const gives = { ...ask, withinMs: until - clock.now() }
    socket.write(`${JSON.stringify({ request: nobody, ours: false, gives } satisfies Request)}\n`)
    return line
  }

  /**
   * Looks for the worker that keeps the session of this token, and lets it serve the client. False: there is none. `unknown`: not all
   * workers have said so.
   */
  async elsewhere(handshake: ClientHandshake, token: string): Promise<boolean | 'unknown'> {
    // What no worker has made is not asked about.
    const hint = readHint(token)?.worker
    if (hint === undefined || !this.#server) return false
    if (this.#inquiries >= mostInquiries) return 'unknown'
    const found = await this.#find(handshake, hint)
    if (typeof found === 'string') return found === 'none' ? false : found
    await this.#handOver(handshake, found)
    return true
  }

  /** Asks one worker after the other; the first that has it holds the line. */
  async #find(handshake: ClientHandshake, hint: string): Promise<Found | 'none' | 'unknown'> {
    this.#inquiries++
    try {
      let result: 'none' | 'unknown' = 'none'
      for (const worker of this.#others(hint)) {
        if (handshake.signal.aborted) return 'unknown'
        const found = await this.#ask(worker, handshake)
        if (typeof found === 'object') return found
        if (found === 'unknown') result = found
      }
      return result
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

  async #ask(worker: string, { request, ours, front }: ClientHandshake): Promise<Found | 'none' | 'unknown'> {
    const socket = net.connect({ path: this.#pathOf(worker), allowHalfOpen: true })
    let isGone = false
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => {
      isGone ||= goneCodes.includes(code)
    })
    const asks: Request = { request, ours, hears: true, ...(front !== undefined && { front }) }
    socket.write(`${JSON.stringify(asks)}\n`)
    const answer = await nextLine<Answer>(socket, this.#deps.clock, answerWithinMs, longestLine)
    if (answer && !('has' in answer && !answer.has)) return { socket, answer }
    socket.destroy()
    return answer || isGone ? 'none' : 'unknown'
  }

  /** Waits for what the worker decides that has the session, and joins the client to it, or tells it why not. */
  async #handOver(handshake: ClientHandshake, { socket, answer }: Found): Promise<void> {
    const leave = () => socket.destroy()
    handshake.signal.addEventListener('abort', leave)
    if (handshake.signal.aborted) leave()
    const decided =
      'has' in answer ? await nextLine<Answer>(socket, this.#deps.clock, decideWithinMs, longestLine) : answer
    handshake.signal.removeEventListener('abort', leave)
    if (decided && 'accept' in decided) return this.#join(streamOf(handshake.accept(decided.accept)), socket)
    socket.destroy()
    if (decided && 'refuse' in decided) handshake.refuse(decided.refuse)
    // Something broke on the way, and the session is where it was: the client comes back.
    else handshake.fail()
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
    // What was still being decided when this worker began to leave.
    if (this.#hasLeft) client.destroy()
    if (client.destroyed) over()
    other.once('close', () => endTcp(wireOf(client), this.#deps.clock))
  }

  /** Others have this worker's place: the clients whose sessions are elsewhere come back to one of those. */
  leave(): void {
    this.#hasLeft = true
    for (const client of this.#joined) client.destroy()
  }

  /** This worker has its place again. */
  return(): void {
    this.#hasLeft = false
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
