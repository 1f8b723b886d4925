// Lines of JSON over a socket between two workers of a machine. What is written here comes from a process of the same user; what cannot be
// read counts as nothing.
import type net from 'node:net'
import type { Clock } from '../core/index.ts'
import type { GivingLine, GivingWord } from '../session/index.ts'

/** The next line as JSON; what follows it stays in the stream, which is paused. Undefined: none came in time. */
export function nextLine<T>(
  socket: net.Socket,
  clock: Clock,
  withinMs: number,
  longest: number,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const seen: Buffer[] = []
    let length = 0
    const settle = (line: T | undefined) => {
      clock.clearTimeout(timer)
      socket.off('data', onData).off('close', onClose).off('end', onClose)
      resolve(line)
    }
    const onClose = () => settle(undefined)
    const onData = (chunk: Buffer) => {
      const end = chunk.indexOf(0x0a)
      seen.push(end < 0 ? chunk : chunk.subarray(0, end))
      length += chunk.length
      if (end < 0) return length > longest ? settle(undefined) : undefined
      socket.pause()
      const rest = chunk.subarray(end + 1)
      settle(parse<T>(Buffer.concat(seen).toString()))
      if (rest.length > 0) socket.unshift(rest)
    }
    const timer = clock.setTimeout(() => settle(undefined), withinMs)
    socket.on('data', onData).once('close', onClose).once('end', onClose).resume()
    if (socket.destroyed) onClose()
  })
}

function parse<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T
  } catch {
    return undefined
  }
}

export interface SocketLineDeps {
  clock: Clock
  /** Bytes of a line at most. */
  longest: number
  /** The socket is closed. */
  onOver?: () => void
}

/** The line by which a session is given whose connection is in another worker. */
export class SocketLine implements GivingLine {
  readonly #socket: net.Socket
  readonly #deps: SocketLineDeps

  constructor(socket: net.Socket, deps: SocketLineDeps) {
    this.#socket = socket
    this.#deps = deps
    socket.on('error', () => {}).once('end', () => socket.destroy())
    if (deps.onOver) socket.once('close', deps.onOver)
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable
  }

  say(word: GivingWord): void {
    if (this.isOpen) this.#socket.write(`${JSON.stringify(word)}\n`)
  }

  async next(withinMs: number): Promise<GivingWord | undefined> {
    const { clock, longest } = this.#deps
    const word = await nextLine<GivingWord>(this.#socket, clock, withinMs, longest)
    if (typeof word === 'object' && word !== null) return word
    this.#socket.destroy()
    return undefined
  }

  /** What was said still goes out. */
  end(): void {
    this.#socket.destroySoon()
  }
}
