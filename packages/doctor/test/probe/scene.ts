import net from 'node:net'
import { tcpServer } from '@holdfast/testing'
import type { CheckOptions, Side } from '../../src/check.ts'
import type { Layer } from '../../src/findings.ts'
import type { probeFindings } from '../../src/findings-probe.ts'
import { missing, nginx, nginxPass, type Program } from './proxies.ts'

export type ProbeCode = keyof typeof probeFindings

/** An endpoint with one fault, or with none, and what the doctor must say of it. */
export interface Scene {
  /** What there is. */
  it: string
  /** The program without which it cannot be. */
  needs?: Program
  set(stage: Stage): Promise<Setting>
  /** The finding of the public URL. */
  finds: ProbeCode
  layer: Layer
  /** What other layers say, that are healthy. */
  passes?: ProbeCode[]
  /** The side on which the fault is, asked with `upstream`. */
  side?: Side
  /** What the two sides show together. */
  concludes?: ProbeCode[]
}

export interface Setting {
  url: string
  options?: CheckOptions
}

/** What a scene has started, to be ended with it. */
export class Stage implements AsyncDisposable {
  readonly #started: AsyncDisposable[] = []

  async use<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
    const started = await starting
    this.#started.unshift(started)
    return started
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#started) await started[Symbol.asyncDispose]()
  }
}

/** A proxy without a fault in front of a server, and the server as its upstream. */
export async function behindProxy(stage: Stage, port: number, options: CheckOptions = {}): Promise<Setting> {
  const front = missing('nginx') ? relay(port) : nginx(nginxPass(local(port)))
  const proxy = await stage.use<AsyncDisposable & { url: string }>(front)
  return between(proxy.url, local(port), options)
}

/** The same with a proxy that only copies bytes. */
export async function behindRelay(stage: Stage, port: number, options: CheckOptions = {}): Promise<Setting> {
  const { url } = await stage.use(relay(port))
  return between(url, local(port), options)
}

/** A URL, and its upstream beside it. */
export function between(front: string, upstream: string, options: CheckOptions = {}): Setting {
  return { url: `${front}/ws`, options: { upstream, ...options } }
}

export const local = (port: number) => `ws://127.0.0.1:${port}`

/** Nothing ever listens there; a port that was free a moment ago may have been given to another scene. */
export const nowhere = 'ws://127.0.0.2:9'

async function relay(port: number) {
  const server = await tcpServer((socket) => {
    const upstream = net.connect({ port, host: '127.0.0.1', noDelay: true })
    upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.on('close', () => upstream.destroy())
    socket.pipe(upstream).pipe(socket)
  })
  return { url: local(server.port), [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}
