// Three gateways of a fleet are told to go at once, and their clients, of @holdfast/client, come back: how even their returns are, and how often
// one has to.   node bench/experiments/fleet-drain.mjs [--clients N] [--restarted]
// As on Kubernetes, others take their place meanwhile; with --restarted each node is started anew where it was, behind a balancer that
// sends to whoever accepts. Clients, balancer and upstream each have a process: in one, the accepts of three would wait for each other.
import { fork, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { WebSocket, WebSocketServer } from 'ws'
import { ReconnectingWebSocket } from '../../packages/client/dist/index.js'

const { values: flags } = parseArgs({
  options: {
    clients: { type: 'string', default: '1500' },
    restarted: { type: 'boolean', default: false },
    role: { type: 'string' },
  },
})
const main = new URL('../../packages/cli/dist/main.js', import.meta.url).pathname
const listening = async (server) => {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return server.address().port
}
const freePort = async () => {
  const server = net.createServer()
  const port = await listening(server)
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Sends each connection to the next of the nodes that it was told of last and that accepts. */
async function balance() {
  let ports = []
  let turn = 0
  process.on('message', (told) => {
    ports = told
    process.send('known')
  })
  const server = net.createServer((client) => {
    const tried = ports.map((_, i) => ports[(turn + i) % ports.length])
    turn++
    client.on('error', () => {})
    const next = () => {
      const port = tried.shift()
      if (!port) return client.destroy()
      const socket = net.connect(port, '127.0.0.1')
      socket.once('error', next)
      socket.once('connect', () => {
        socket.off('error', next).on('error', () => client.destroy())
        client.on('error', () => socket.destroy())
        client.pipe(socket).pipe(client)
      })
    }
    next()
  })
  process.send(await listening(server))
}

async function serveUpstream() {
  const upstream = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
  await once(upstream, 'listening')
  process.send(upstream.address().port)
}

if (flags.role) {
  process.on('disconnect', () => process.exit())
  await (flags.role === 'balancer' ? balance() : serveUpstream())
  await new Promise(() => {})
}

async function started(role) {
  const child = fork(process.argv[1], ['--role', role])
  const [port] = await once(child, 'message')
  return { child, port }
}

const folder = mkdtempSync(join(tmpdir(), 'holdfast-drain-'))
const redisPort = await freePort()
const redis = spawn('redis-server', ['--port', redisPort, '--bind', '127.0.0.1', '--save', ''], {
  stdio: 'ignore',
})
process.on('exit', () => {
  redis.kill()
  rmSync(folder, { recursive: true })
})
while (spawnSync('redis-cli', ['-p', redisPort, 'PING'], { encoding: 'utf8' }).stdout.trim() !== 'PONG')
  await new Promise((resolve) => setTimeout(resolve, 50))
const upstream = await started('upstream')

const drains = []
async function startNode() {
  const file = join(folder, `${drains.length}-${Math.random()}.yaml`)
  const routes = [{ name: 'chat', upstreams: [`ws://127.0.0.1:${upstream.port}`] }]
  const fleet = { name: 'drain', store: `redis://127.0.0.1:${redisPort}`, secret: '$SECRET' }
  writeFileSync(file, JSON.stringify({ listen: '127.0.0.1:0', admin: 'off', workers: 1, fleet, routes }))
  const env = { ...process.env, SECRET: 'the secret of this fleet' }
  const child = spawn(process.execPath, [main, 'serve', '-c', file], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = once(child, 'exit')
  let began = 0
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.includes('"msg":"draining"')) began = performance.now()
    if (line.includes('"msg":"drained"'))
      drains.push({ began, ended: performance.now(), closed: JSON.parse(line).closed })
  })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  return { port: Number(/ws:\/\/127\.0\.0\.1:(\d+)/.exec(line)[1]), child, exited }
}

let nodes = await Promise.all([1, 2, 3].map(startNode))
const balancer = await started('balancer')
const balanceOver = async () => {
  balancer.child.send(nodes.map(({ port }) => port))
  await once(balancer.child, 'message')
}
await balanceOver()
const url = `ws://127.0.0.1:${balancer.port}`
// The members have to know of each other.
await new Promise((resolve) => setTimeout(resolve, 5000))

let told = 0
const returns = []
/** When the clients were to come back, by their Close and what it said. */
const dues = []
const odd = []
const codes = new Map()
const errors = new Map()
const perClient = []
const old = nodes
const clients = []
for (let i = 0; i < Number(flags.clients); i++) {
  const socket = new ReconnectingWebSocket(url, [], { WebSocket })
  perClient[i] = 0
  let error
  let wasOpen = false
  let due
  socket.addEventListener('close', ({ code, reason, retryIn }) => {
    codes.set(code, (codes.get(code) ?? 0) + 1)
    due = performance.now() + retryIn
    if (code !== 1012)
      odd.push(
        `client ${i}: ${code} ${reason} ${wasOpen ? 'of an open connection' : 'of a handshake'}, ${error}, at ${(performance.now() - told) / 1000} s`,
      )
    wasOpen = false
    error = undefined
  })
  socket.addEventListener('error', ({ message }) => {
    errors.set(message, (errors.get(message) ?? 0) + 1)
    error = message
  })
  await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
  wasOpen = true
  socket.addEventListener('open', () => {
    wasOpen = true
    returns.push(performance.now())
    dues.push(due)
    perClient[i]++
  })
  clients.push(socket)
}

told = performance.now()
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
if (!flags.restarted) nodes = await Promise.all([1, 2, 3].map(startNode))
await balanceOver()
if (!flags.restarted) await new Promise((resolve) => setTimeout(resolve, 3000))
for (const { child } of old) child.kill('SIGTERM')
await Promise.all(
  old.map(async ({ exited }, i) => {
    await exited
    if (!flags.restarted) return
    nodes[i] = await startNode()
    await balanceOver()
  }),
)
// The last of them has been told to wait five seconds at most.
await new Promise((resolve) => setTimeout(resolve, 8000))

drains.sort((a, b) => a.began - b.began)
for (const { began, ended, closed } of drains)
  console.log(
    `drain from ${((began - told) / 1000).toFixed(2)} to ${((ended - told) / 1000).toFixed(2)} s: ${closed} clients`,
  )
const overlaps = drains.some(({ began }, i) => i > 0 && began < drains[i - 1].ended)
/** The busiest 100 ms of those between the first and the last. */
function busiest(times) {
  const first = Math.min(...times)
  const slots = Array(Math.ceil((Math.max(...times) - first + 1) / 100)).fill(0)
  for (const at of times) slots[Math.floor((at - first) / 100)]++
  const mean = times.length / slots.length
  const most = Math.max(...slots)
  return `in ${(slots.length / 10).toFixed(1)} s; busiest 100 ms ${most}, mean ${mean.toFixed(1)}: ${(most / mean).toFixed(2)} x`
}
console.log(`to come back ${busiest(dues)}`)
for (const line of odd.slice(0, 20)) console.log(line)
console.log(
  `${returns.length} returns of ${clients.length} clients, at most ${Math.max(...perClient)} of one, ${busiest(returns)}; ` +
    `codes ${JSON.stringify([...codes])}, errors ${JSON.stringify([...errors])}; ${overlaps ? 'two drains overlap' : 'one drain at a time'}; ` +
    `this process stood still for ${(delay.max / 1e6).toFixed(0)} ms at most; open ${clients.filter(({ readyState }) => readyState === 1).length}`,
)
for (const socket of clients) socket.close()
for (const { child } of nodes) child.kill('SIGKILL')
process.exit()
