// What an old worker keeps in a live upgrade: streams that cannot leave its process, each joined to a Unix domain socket
// whose other end goes to the new worker. Both ends are made here, so that what listens takes nobody else.
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { chmod, rm, rmdir } from 'node:fs/promises'
import net from 'node:net'
import { dirname, join } from 'node:path'
import type { Clock } from '../core/index.ts'
import type { Carrier, CarrierWay } from '../gateway.ts'
import { Joint, lightest, takeHandle, wireOf } from '../wire/index.ts'

/** Bytes of the secret that opens a way; each is good once. */
export const secretBytes = 32
/** Milliseconds that whoever connects has to say it. */
const secretWithinMs = 2000
/** Sockets that have not said it yet; more are closed at once. */
const maxStrangers = 64
/** Pairs that are made at the same time; the next wait. */
const maxPairs = 32
/** Milliseconds between two looks at what no event tells. */
const lookEveryMs = 500

export interface JointCarrierDeps {
  /** Number of this worker. */
  worker: number
  clock: Clock
  /** The last stream has ended. */
  onEmpty: () => void
}

/** The carrier's part of a worker; it costs nothing until the first way is asked for. */
export class JointCarrier implements Carrier {
  readonly worker: number
  readonly #clock: Clock
  readonly #onEmpty: () => void
  readonly #joints = new Map<Joint, { side: 'client' | 'upstream'; connection: string }>()
  readonly #expected = new Map<Buffer, (socket: net.Socket) => void>()
  readonly #strangers = new Set<net.Socket>()
  #pairs = 0
  /** Those for whom there were too many. */
  readonly #waiting: (() => void)[] = []
  #server: net.Server | undefined
  #listening: Promise<void> | undefined
  #path: string | undefined
  #looking = false

  constructor({ worker, clock, onEmpty }: JointCarrierDeps) {
    this.worker = worker
    this.#clock = clock
    this.#onEmpty = onEmpty
  }

  /** Where its socket is: a directory of the supervisor's, which nobody else may enter. */
  open(directory: string): void {
    this.#path ??= join(directory, socketName(process.pid))
  }

  /** For how many connections it joins streams: a connection may have two. */
  get size(): number {
    return new Set([...this.#joints.values()].map(({ connection }) => connection)).size
  }

  /** How many sockets of clients that takes: streams of HTTP/2 share theirs. */
  get clientSockets(): number {
    const sockets = new Set<unknown>()
    for (const [{ socket }, { side }] of this.#joints) {
      if (side === 'client') sockets.add(socket)
    }
    return sockets.size
  }

  async way(side: 'client' | 'upstream', connection: string): Promise<CarrierWay> {
    const { here, there } = await this.pair()
    let used = false
    return {
      carry: (wire) => {
        used = true
        const joint: Joint = new Joint(lightest(wire), wireOf(here), this.#clock, () => this.#ended(joint))
        this.#joints.set(joint, { side, connection })
        this.#look()
        return takeHandle(there)
      },
      discard: () => {
        if (used) return
        here.destroy()
        there.destroy()
      },
    }
  }

  /** Makes no way any more; what is joined stays. */
  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    this.#listening = undefined
    for (const stranger of this.#strangers) stranger.destroy()
    server?.close()
    if (!server || this.#path === undefined) return
    await rm(this.#path, { force: true }).catch(() => {})
    // The last one, when the supervisor is gone.
    await rmdir(dirname(this.#path)).catch(() => {})
  }

  /** Ends all that it joins. */
  destroy(): void {
    for (const joint of this.#joints.keys()) joint.destroy()
  }

  async #listen(): Promise<void> {
    const path = this.#path
    if (path === undefined) throw new Error('there is no directory for the socket')
    this.#listening ??= (async () => {
      const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true })
      server.on('connection', (socket) => this.#onConnection(socket))
      await rm(path, { force: true })
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject).listen(path, resolve)
      })
      server.on('error', () => {})
      server.unref()
      await chmod(path, 0o600)
      this.#server = server
    })()
    try {
      await this.#listening
    } catch (error) {
      this.#listening = undefined
      throw error
    }
  }

  /** Both ends of one connection: what has not said the secret of this one is not its other end. */
  async pair(): Promise<{ here: net.Socket; there: net.Socket }> {
    if (this.#pairs >= maxPairs) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#pairs++
    try {
      return await this.#pair()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#pairs--
    }
  }

  async #pair(): Promise<{ here: net.Socket; there: net.Socket }> {
    await this.#listen()
    const secret = randomBytes(secretBytes)
    const there = net.connect({ path: this.#path!, allowHalfOpen: true }).pause()
    let timer: unknown
    try {
      const here = await new Promise<net.Socket>((resolve, reject) => {
        const late = () => reject(new Error('the socket of the carrier does not answer'))
        timer = this.#clock.setTimeout(late, secretWithinMs)
        this.#expected.set(secret, resolve)
        there.once('error', reject).write(secret)
      })
      there.on('error', () => {})
      return { here, there }
    } catch (error) {
      there.destroy()
      throw error
    } finally {
      this.#expected.delete(secret)
      this.#clock.clearTimeout(timer)
    }
  }

  #onConnection(socket: net.Socket): void {
    socket.on('error', () => {})
    if (this.#strangers.size >= maxStrangers) return void socket.destroy()
    this.#strangers.add(socket)
    const timer = this.#clock.setTimeout(() => socket.destroy(), secretWithinMs)
    const known = () => {
      this.#clock.clearTimeout(timer)
      this.#strangers.delete(socket)
      socket.off('readable', onReadable).off('end', onEnd).off('close', known)
    }
    const onReadable = () => {
      const said: Buffer | null = socket.read(secretBytes)
      if (!said) return
      known()
      const found =
        said.length === secretBytes && [...this.#expected].find(([secret]) => timingSafeEqual(secret, said))
      if (!found) return void socket.destroy()
      // Good once.
      this.#expected.delete(found[0])
      found[1](socket.pause())
    }
    const onEnd = () => socket.destroy()
    socket.on('readable', onReadable).on('end', onEnd).on('close', known)
  }

  #ended(joint: Joint): void {
    this.#joints.delete(joint)
    if (this.#joints.size === 0) this.#onEmpty()
  }

  #look(): void {
    if (this.#looking) return
    this.#looking = true
    this.#clock.setTimeout(() => {
      this.#looking = false
      for (const joint of this.#joints.keys()) joint.look()
      if (this.#joints.size > 0) this.#look()
    }, lookEveryMs)
  }
}

/** The name of a worker's socket in the supervisor's directory. */
export function socketName(pid: number): string {
  return `${pid}.sock`
}
