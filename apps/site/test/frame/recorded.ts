// What Chromium and tcpdump record of a real WebSocket server.
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { launchBrowser, waitLimitMs, within } from '@holdfast/testing'
import { WebSocket as Client, WebSocketServer } from 'ws'

/** Echoes, closes with 1012 after "bye", and goes without a Close after "die". */
export async function startServer() {
  const server = http.createServer((_, answer) =>
    answer.setHeader('content-type', 'text/html').end('<!doctype html>'),
  )
  const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } })
  sockets.on('connection', (socket) =>
    socket.on('message', (message, binary) => {
      socket.send(message as Buffer, { binary })
      if (String(message) === 'bye') socket.close(1012, 'service restart; retry=2350')
      if (String(message) === 'die') socket.terminate()
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export interface Recorded {
  readonly har: Buffer
  readonly netlog: Buffer
}

/** A page talks to the server; its HAR as Playwright writes it, and Chromium's netlog, with or without bytes. */
export async function recordChromium(port: number, mode: 'Everything' | 'Default'): Promise<Recorded> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-frame-'))
  const [har, netlog] = [join(folder, 'page.har'), join(folder, 'netlog.json')]
  try {
    const chromium = await launchBrowser([`--log-net-log=${netlog}`, `--net-log-capture-mode=${mode}`])
    try {
      const context = await chromium.newContext({ recordHar: { path: har } })
      const page = await context.newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      await page.evaluate(talk, port)
      await context.close()
    } finally {
      // The log is whole when the browser has ended.
      await chromium.close()
    }
    return { har: readFileSync(har), netlog: readFileSync(netlog) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Runs in the page. */
function talk(port: number) {
  return new Promise<void>((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`)
    socket.onopen = () => {
      socket.send('hello hello hello')
      socket.send(new Uint8Array([1, 2, 3]))
      socket.send('bye')
    }
    socket.onclose = () => resolve()
  })
}

const tcpdump = '/usr/bin/tcpdump'

/** Why tcpdump cannot be used here; undefined when it can. */
export function tcpdumpMissing(): string | undefined {
  if (!existsSync(tcpdump)) return 'tcpdump is not installed'
  return process.getuid?.() === 0 ? undefined : 'only root may capture'
}

/** What tcpdump writes while clients talk to the server; undefined where the system does not let it. */
export async function recordTcpdump(port: number, words: readonly string[]): Promise<Buffer | undefined> {
  const args = ['-i', 'lo', '--immediate-mode', '-U', '-s', '0', '-w', '-', 'port', String(port)]
  const dump = spawn(tcpdump, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const parts: Buffer[] = []
  dump.stdout.on('data', (part) => parts.push(part))
  if (!(await listens(dump))) return undefined
  const closed = once(dump, 'close')
  for (const word of words) {
    const client = new Client(`ws://127.0.0.1:${port}/chat`)
    await once(client, 'open')
    client.send('hello hello hello')
    client.ping('p')
    client.send(word)
    await once(client, 'close')
  }
  // What was sent before this has been captured when this has.
  const marker = 'the end of what is captured'
  const captured = new Promise<void>((resolve) => {
    dump.stdout.on('data', () => Buffer.concat(parts).includes(marker) && resolve())
  })
  const udp = createSocket('udp4')
  udp.send(marker, port, '127.0.0.1')
  await within(waitLimitMs, 'the last packet', captured)
  udp.close()
  dump.kill('SIGINT')
  await within(waitLimitMs, 'the end of tcpdump', closed)
  return Buffer.concat(parts)
}

/** Whether it captures; it ends where it may not. */
function listens(dump: ChildProcess): Promise<boolean> {
  return new Promise((resolve) => {
    let said = ''
    dump.stderr!.on('data', (part) => {
      said += part
      if (/listening on/.test(said)) resolve(true)
    })
    dump.once('error', () => resolve(false))
    dump.once('close', () => resolve(false))
  })
}
