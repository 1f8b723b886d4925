// The other end of peers/resume_traffic.py: a server that sends numbered messages and checks, one by one, what comes.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Changes, Child, runtime } from '@holdfast/testing'
import { type WebSocket, WebSocketServer } from 'ws'

/** Debian's own, where its packages are; another may stand before it on the path. */
export const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const peer = (file: string) => fileURLToPath(new URL(`./peers/${file}`, import.meta.url))
const kib = 1024

export interface TrafficOptions {
  url: string
  /** How many, the first one's number. */
  clients: number
  first: number
  /** `exchange`: so many messages each way. `talk`: with hold-backend.mjs, until a line comes on stdin. */
  what: 'exchange' | 'talk'
  messages?: number
  /** Seconds between two messages of one client. */
  every?: number
  /** Every other client offers permessage-deflate. */
  compression?: boolean
  /** What is below @holdfast/client/resume; default: the client in Python. */
  webSocket?: 'ws' | 'undici' | 'bun' | 'chromium'
  /** Constants of holdfast_resume.py that are something else. */
  constants?: Record<string, number>
}

export interface TrafficReport {
  faults: string[]
  returns: number
  /** Sessions that came to their end. */
  sessions: number
  /** How many messages each session has sent, `talk` only. */
  sent: Record<string, number>
}

/** Bun, where the gateway is tested on it, or where tools/other-runtimes.mjs has brought it. */
export const bun: string | undefined = (() => {
  if (runtime().name === 'bun') return runtime().path
  const brought = `../../../node_modules/.cache/runtimes/node_modules/@oven/bun-${process.platform}-${process.arch}/bin/bun`
  const path = fileURLToPath(new URL(brought, import.meta.url))
  return existsSync(path) ? path : undefined
})()

/** Clients in a process: of protocol/python, or of @holdfast/client. */
export function traffic(options: TrafficOptions): Child {
  if (options.webSocket) {
    const path = options.webSocket === 'bun' ? bun! : process.execPath
    return new Child(path, [peer('resume-traffic.mjs'), JSON.stringify(options)])
  }
  return new Child(python, [peer('resume_traffic.py'), JSON.stringify(options)])
}

/** What they saw, at their end. */
export function report(child: Child, limit: number): Promise<TrafficReport> {
  const parse = (line: string): TrafficReport | undefined => {
    const said = JSON.parse(line)
    return said.faults && said
  }
  return child.line('the report of the clients', parse, limit)
}

/** Message `n` of a side: 1 is the client, 2 the server. The same as in peers/resume_traffic.py. */
export function content(of: 1 | 2, seed: number, n: number): string {
  let drawn = (Math.imul(n + 1, 2_654_435_761) + seed * 40_503 + of) >>> 0
  drawn = (drawn ^ (drawn >>> 15)) >>> 0
  const kind = drawn % 1000
  let size = kind < 100 ? 0 : kind < 750 ? drawn % 200 : kind < 960 ? drawn % 4000 : drawn % (64 * kib)
  if (n === 20 + (seed % 10)) size = kib * kib
  const unit = `${of}.${seed}.${n};`
  return unit.repeat(Math.floor(size / unit.length) + 1).slice(0, size)
}

export interface NumbersServer extends AsyncDisposable {
  readonly port: number
  readonly url: string
  readonly faults: string[]
  /** Clients whose every message has come. */
  readonly done: Set<number>
  readonly changes: Changes
}

/** Sends each client `messages` messages, and expects as many; then it says so. */
export async function numbersServer(messages: number): Promise<NumbersServer> {
  const faults: string[] = []
  const done = new Set<number>()
  const changes = new Changes()
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    perMessageDeflate: { threshold: 0 },
    maxPayload: 4 * kib * kib,
  })
  server.on('connection', (socket, request) => {
    const seed = Number(/seed=(\d+)/.exec(request.url ?? '')?.[1])
    let next = 0
    const sent = sendAll(socket, seed, messages)
    socket.on('error', (error) => faults.push(`${seed}: ${error.message}`))
    socket.on('message', (data: Buffer, binary: boolean) => {
      const fits = String(data) === content(1, seed, next) && binary === (next % 3 === 0)
      if (!fits)
        faults.push(`${seed}: ${String(data).slice(0, 30)} of ${data.length} bytes in place of ${next}`)
      if (++next < messages) return
      done.add(seed)
      changes.notify()
      void sent.then(() => socket.send('all is there'))
    })
    socket.on('close', (code) => {
      // A session whose first welcome was lost is nobody's.
      if (next > 0 && (code !== 1000 || next < messages))
        faults.push(`${seed}: ${code} behind ${next} messages`)
    })
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  return {
    port,
    url: `ws://127.0.0.1:${port}`,
    faults,
    done,
    changes,
    async [Symbol.asyncDispose]() {
      for (const socket of server.clients) socket.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function sendAll(socket: WebSocket, seed: number, messages: number): Promise<void> {
  for (let n = 0; n < messages && socket.readyState === socket.OPEN; n++) {
    const text = content(2, seed, n)
    const binary = n % 3 === 0
    const third = Math.floor(text.length / 3)
    const parts = n % 4 === 1 && text ? [text.slice(0, third), text.slice(third)] : [text]
    for (const [index, part] of parts.entries()) {
      const fin = index === parts.length - 1
      await new Promise((resolve) => socket.send(part, { binary, fin }, resolve))
    }
  }
}
