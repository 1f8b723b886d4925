// Live upgrades under clients that share no code with us, with numbered traffic both ways: OpenSSL and python3-h2 in Python,
// HAProxy in front over HTTP/2, Chromium over TLS and over HTTP/2. A peer that is not installed is skipped by name.
// In full size, a thousand of each: HOLDFAST_FULL=1, or as many as HOLDFAST_UPGRADE_CONNECTIONS says.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  browser,
  browserMissing,
  Child,
  certificate,
  closedPort,
  eventually,
  type Holdfast,
  waitLimitMs,
} from '@holdfast/testing'
import { expect, test } from 'vitest'
import { Crowd, numberedUpstream } from './numbered-traffic.ts'
import { drain, onNode, serve, state, upgrade } from './upgrading.ts'

const full = process.env.HOLDFAST_FULL === '1'
const each = full ? Number(process.env.HOLDFAST_UPGRADE_CONNECTIONS ?? 1000) : 6
/** Chromium has 255 WebSockets at most. */
const pages = full ? 100 : 3
/** Milliseconds between two messages of a connection. */
const every = full ? 2000 : 100

const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const missing = {
  'OpenSSL, by Python': !has(python, '-c', 'import ssl'),
  'python3-h2': !has(python, '-c', 'import h2'),
  HAProxy: !has('haproxy', '-v'),
  Chromium: browserMissing() !== undefined,
}
for (const [name, absent] of Object.entries(missing))
  if (absent) test.skip(`${name} goes through live upgrades: it is not installed`, () => {})

const { certFile: cert, keyFile: key } = certificate()

/** A peer with its connections open: what was wrong when it has stopped, and what it sent. */
interface Peer extends AsyncDisposable {
  stop(): Promise<{ faults: string[]; sent: number; unanswered: number }>
  /** Opens another connection. */
  more?(): Promise<unknown>
}

async function pythonPeer(kind: 'tls' | 'h2', url: string): Promise<Peer> {
  const program = fileURLToPath(new URL('./peers/numbered_peer.py', import.meta.url))
  const child = new Child(python, [program, kind, new URL(url).port, String(each), String(every / 1000)])
  await child.line('its connections', (line) => JSON.parse(line).open, full ? 120_000 : waitLimitMs)
  return {
    async stop() {
      child.signal('SIGTERM')
      await child.exited
      return JSON.parse(child.stdout[1] ?? '{"faults":["it has ended"]}')
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

async function crowdOf(url: string): Promise<Peer> {
  const crowd = new Crowd(every)
  await crowd.join(url, each)
  return {
    more: () => crowd.join(url, 1),
    async stop() {
      const counts = await crowd.settle()
      return { ...counts, faults: crowd.faults }
    },
    [Symbol.asyncDispose]: async () => crowd[Symbol.dispose](),
  }
}

async function haproxyPeer(url: string): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-haproxy-'))
  const port = await closedPort()
  const file = join(folder, 'haproxy.cfg')
  writeFileSync(
    file,
    `defaults
  mode http
  timeout connect 30s
  timeout client 60s
  timeout server 60s
  timeout tunnel 5m
frontend in
  bind 127.0.0.1:${port}
  default_backend gateway
backend gateway
  server holdfast 127.0.0.1:${new URL(url).port} ssl verify none alpn h2 ws h2
`,
  )
  const child = new Child('haproxy', ['-db', '-f', file])
  await eventually('HAProxy', async () => {
    const socket = net.connect(port, '127.0.0.1').on('error', () => {})
    const open = await new Promise((resolve) =>
      socket.once('connect', () => resolve(true)).once('close', () => resolve(false)),
    )
    socket.destroy()
    return open
  })
  const crowd = await crowdOf(`ws://127.0.0.1:${port}`)
  return {
    stop: () => crowd.stop(),
    more: () => crowd.more!(),
    async [Symbol.asyncDispose]() {
      await crowd[Symbol.asyncDispose]()
      await child[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

/** Pages whose WebSockets are streams of an HTTP/2 connection, with `warm`, or have a TLS connection each. */
async function chromiumPeer(url: string, warm: boolean): Promise<Peer> {
  const chromium = await browser()
  const context = await chromium.newContext({ ignoreHTTPSErrors: true })
  const page = await context.newPage()
  if (warm) await page.goto(url.replace(/^ws/, 'http'))
  await page.evaluate(numberedPage, { url, count: pages, every })
  return {
    stop: () => page.evaluate('window.stop_()') as ReturnType<Peer['stop']>,
    more: () => page.evaluate('window.more_()'),
    async [Symbol.asyncDispose]() {
      await context.close()
      await chromium[Symbol.asyncDispose]()
    },
  }
}

/** Runs in the page: it must not refer to anything outside itself. */
async function numberedPage({ url, count, every }: { url: string; count: number; every: number }) {
  const faults: string[] = []
  let [sent, answered] = [0, 0]
  const timers: ReturnType<typeof setInterval>[] = []
  const open = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const socket = new WebSocket(url)
      let [next, answer, push] = [0, 0, 0]
      socket.onmessage = ({ data }) => {
        const expected = data[0] === 'a' ? `a${answer++}` : `p${push++}`
        if (data !== expected) faults.push(`page ${index} got ${data} in place of ${expected}`)
        if (data[0] === 'a') answered++
      }
      socket.onclose = ({ code }) => {
        faults.push(`page ${index} was closed with ${code}`)
        reject(new Error(`closed with ${code}`))
      }
      socket.onopen = () => {
        timers.push(
          setInterval(() => {
            // Its server listens when it has said something itself.
            if (push === 0) return
            socket.send(`c${next++}`)
            sent++
          }, every),
        )
        resolve()
      }
    })
  for (let i = 0; i < count; i++) await open(i)
  Object.assign(globalThis, {
    more_: () => open(count),
    async stop_() {
      for (const timer of timers) clearInterval(timer)
      for (let quiet = 0; answered < sent && quiet < 50; quiet++) {
        const before = answered
        await new Promise((resolve) => setTimeout(resolve, 100))
        if (answered > before) quiet = 0
      }
      return { sent, unanswered: sent - answered, faults: [...faults] }
    },
  })
}

onNode(
  'peers that share no code with us go through three upgrades of two workers: none ends, nothing is lost, doubled or out of order',
  async () => {
    await using plain = await numberedUpstream({}, every)
    await using secure = await numberedUpstream({ tls: certificate() }, every)
    const routes = [
      {
        name: 'secure',
        match: { path: '/secure' },
        upstreams: [{ url: secure.url, tls: { verify: false } }],
      },
      { name: 'plain', upstreams: [plain.url] },
    ]
    const listen = ['127.0.0.1:0', { address: '127.0.0.1:0', tls: { cert, key } }]
    const config = { listen, routes, drain }
    await using holdfast = await serve(plain.url, { config })
    const [ws, wss] = holdfast.urls as [string, string]
    await using joined = new Peers()
    const join = async (name: string, peer: Promise<Peer>) => void joined.all.push([name, await peer])
    await join('plain', crowdOf(ws))
    await join('wss upstream', crowdOf(`${ws}/secure`))
    if (!missing['OpenSSL, by Python']) await join('OpenSSL', pythonPeer('tls', wss))
    if (!missing['python3-h2']) await join('python3-h2', pythonPeer('h2', wss))
    if (!missing.HAProxy) await join('HAProxy', haproxyPeer(wss))
    if (!missing.Chromium) {
      await join('Chromium over TLS', chromiumPeer(wss, false))
      await join('Chromium over HTTP/2', chromiumPeer(wss, true))
    }
    const before = await state(holdfast)
    const total = before.routes.reduce((sum, { connections }) => sum + connections.open, 0)
    for (let i = 1; i <= 3; i++) {
      const { ms, ...done } = await upgrade(holdfast)
      expect(done).toMatchObject({ phase: 'done', total, moved: total, ended: 0, lost: 0 })
      if (full) console.log({ upgrade: i, total, ms }, pauses(holdfast))
    }
    // Who comes now is not served by the process that carries the others.
    for (const [, { more }] of joined.all) await more?.()
    const seen = await Promise.all(joined.all.map(async ([name, peer]) => [name, await peer.stop()] as const))
    if (full) console.log(Object.fromEntries(seen))
    for (const [name, { faults, sent, unanswered }] of seen) {
      expect({ name, faults, unanswered }).toEqual({ name, faults: [], unanswered: 0 })
      expect(sent).toBeGreaterThan(0)
    }
    expect([...plain.faults, ...secure.faults]).toEqual([])
  },
  full ? 600_000 : 60_000,
)

class Peers implements AsyncDisposable {
  readonly all: [name: string, peer: Peer][] = []
  async [Symbol.asyncDispose](): Promise<void> {
    for (const [, peer] of this.all) await peer[Symbol.asyncDispose]()
  }
}

/** What the log says of each worker's pauses. */
function pauses({ log }: Holdfast): object[] {
  return log.flatMap(({ msg, worker, moved, pauseP99, longestPause }) =>
    msg.startsWith('connections have moved') ? [{ worker, moved, pauseP99, longestPause }] : [],
  )
}
