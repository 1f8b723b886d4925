// Handshakes that wait for an upstream: what each costs, and how evenly they are let in when it is there.
//   npm run build && node bench/waiting.mjs [HANDSHAKES]
// A client, a worker and the upstream need a file for each, a worker another one for its upstream, and it has half of its files
// wait at most. So there are as many of each process as the limit of open files asks for.
import { fork, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const wanted = Number(process.argv[2] ?? 20_000)
/** Another address than that of the clients, so that none of them has the port of an upstream that is not there yet. */
const upstreamHost = '127.0.0.2'
const perSecond = 2_000
/** Handshakes a second that a process of clients begins at the most. */
const clientsPerSecond = 500
/** Files that a process may open for the connections of this bench. */
const files =
  Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 65_536) - 512
/** Connections are not shared out evenly: nobody decides which worker takes one. */
const uneven = 1.5

const mib = (bytes) => `${(bytes / 1024 / 1024).toFixed(0)} MiB`
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

if (process.argv[2] === 'clients') await clients(Number(process.argv[3]), Number(process.argv[4]))
else if (process.argv[2] === 'upstream') await upstream(Number(process.argv[3]))
else await run()

async function run() {
  const count = wanted
  const workers = Math.max(2, Math.ceil((2 * count * uneven) / files))
  const ports = []
  for (let n = 0; n < Math.ceil((count * uneven) / files); n++) ports.push(await freePort())
  const gateway = await startGateway(workers, ports)
  const before = await look(gateway)
  const parts = Math.max(2, Math.ceil(count / files))
  const crowds = Array.from({ length: parts }, (_, n) => {
    const share = Math.floor(count / parts) + (n < count % parts ? 1 : 0)
    const child = self(['clients', String(gateway.port), String(share)])
    child.answers = []
    child.on('message', (answer) => child.answers.push(answer))
    return child
  })
  const begun = performance.now()
  let waiting = 0
  while (waiting < count) {
    await after(200)
    waiting = await waitingNow(gateway)
    if (performance.now() - begun > 120_000) throw new Error(`only ${waiting} of ${count} wait`)
  }
  const arrived = performance.now() - begun
  await after(3_000)
  const during = await look(gateway)
  const bytes = (during.rss - before.rss) / count
  console.log(`${count} handshakes wait at ${workers} workers, all there after ${seconds(arrived)}`)
  console.log(
    `memory of the workers: ${mib(before.rss)} before, ${mib(during.rss)} with them, ${(bytes / 1024).toFixed(1)} KiB each`,
  )
  const idle = await look(gateway)
  await after(5_000)
  const busy = (await look(gateway)).processor - idle.processor
  console.log(`processor time of the workers while they wait: ${((busy / 5) * 100).toFixed(1)} % of one core`)

  const servers = ports.map((port) => self(['upstream', String(port)]))
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('message', resolve))))
  const opened = Date.now()
  const deadline = performance.now() + 60_000
  const answers = () => crowds.flatMap((crowd) => crowd.answers)
  while (answers().length < count && performance.now() < deadline) await after(200)
  const times = answers().map(({ at }) => at - opened)
  const accepted = answers().filter(({ status }) => status === 101).length
  const last = Math.max(...times)
  const bins = Array.from({ length: Math.ceil((last + 1) / 100) }, () => 0)
  for (const time of times) bins[Math.max(0, Math.floor(time / 100))]++
  const busiest = Math.max(...bins) / (times.length / bins.length)
  console.log(
    `${accepted} let in within ${seconds(last)} (admit: ${perSecond}/s); busiest 100 ms ${busiest.toFixed(2)} x the mean`,
  )
  for (const child of [...crowds, ...servers]) child.kill()
  await after(1_000)
  console.log(`memory of the workers afterwards: ${mib((await look(gateway)).rss)}`)
  process.exit(accepted === count && bytes < 40_960 && busiest < 3 ? 0 : 1)
}

function self(args) {
  return fork(fileURLToPath(import.meta.url), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

async function startGateway(workers, ports) {
  const config = {
    listen: '127.0.0.1:0',
    admin: '127.0.0.1:0',
    workers,
    trustedProxies: ['127.0.0.0/8'],
    routes: [
      {
        name: 'all',
        upstreams: ports.map((port) => `ws://${upstreamHost}:${port}`),
        wait: '10m',
        admit: `${perSecond}/s`,
        limits: { waiting: 1_000_000 },
        keepalive: 'off',
      },
    ],
  }
  const main = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url))
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-waiting-'))
  const file = join(folder, 'holdfast.json')
  writeFileSync(file, JSON.stringify(config))
  const child = spawn(process.execPath, [main, 'serve', '-c', file], { stdio: ['ignore', 'pipe', 'ignore'] })
  process.once('exit', () => {
    child.kill()
    rmSync(folder, { recursive: true })
  })
  for await (const line of createInterface(child.stdout)) {
    const [, port, admin] = /ws:\/\/127\.0\.0\.1:(\d+) \(admin (\S+?)\)/.exec(line) ?? []
    if (port) return { child, port: Number(port), admin }
  }
  throw new Error('the gateway has not started')
}

async function look({ admin }) {
  const { workers } = await (await fetch(`${admin}/api/state`)).json()
  const rss = workers.reduce((sum, { process }) => sum + (process?.memory ?? 0), 0)
  const processor = workers.reduce((sum, { process }) => sum + (process?.processor ?? 0), 0)
  return { rss, processor }
}

async function waitingNow({ admin }) {
  const text = await (await fetch(`${admin}/metrics`)).text()
  return Number(/^holdfast_waiting\{route="all"\} (\d+)$/m.exec(text)?.[1] ?? 0)
}

/** Clients that say nothing but their handshake; each has an address of its own by its proxy's word. */
async function clients(port, count) {
  const key = randomBytes(16).toString('base64')
  const open = (n) => {
    const address = `10.${process.pid % 256}.${n >> 8}.${n & 255}`
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.write(
        `GET / HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Key: ${key}\r\nX-Forwarded-For: ${address}\r\n\r\n`,
      )
    })
    socket.once('data', (bytes) => {
      const status = Number(String(bytes).slice(9, 12))
      if (process.connected) process.send({ at: Date.now(), status })
    })
    socket.on('error', (error) => process.connected && console.error(error.message))
  }
  process.once('disconnect', () => process.exit())
  // Evenly: nothing answers a handshake that waits, so nothing else tells that the gateway has read it.
  for (let n = 0; n < count; n++) {
    open(n)
    if (n % (clientsPerSecond / 100) === 0) await after(10)
  }
  await new Promise(() => {})
}

async function upstream(port) {
  const { WebSocketServer } = await import('ws')
  const server = new WebSocketServer({ port, host: upstreamHost, backlog: 4_096 })
  server.once('listening', () => process.send('listening'))
  await new Promise(() => {})
}

async function freePort() {
  const server = net.createServer().listen(0, upstreamHost)
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}
