// The network breaks, backends restart and the gateway is upgraded, all at random and at the same time: does anything get lost
// between the clients, which resume, and the backends? Exit status 1 when it does.
//   npm run soak:network             -- --seconds 300 --clients 20 --seed 1 --workers 1 --upgrades
// The clients are those of protocol/python, behind a link of their own with 200 ms of delay and 5 % of loss that is down for
// 1 to 20 s again and again. It needs root and /dev/net/tun; without them it says so and ends with 77. `--resets` takes TCP
// resets on the loopback in place of the link.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { cuttingProxy } from '@holdfast/testing'
import { freePorts } from './lib/children.mjs'

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    clients: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    resets: { type: 'boolean', default: false },
    workers: { type: 'string', default: '1' },
    upgrades: { type: 'boolean', default: false },
  },
})
const [seconds, clients, seed] = [flags.seconds, flags.clients, flags.seed].map(Number)
if (!(seconds >= 5 && seconds <= 3600 && clients >= 1 && clients <= 500 && Number.isSafeInteger(seed))) {
  console.error('--seconds is from 5 to 3600, --clients from 1 to 500, --seed a whole number')
  process.exit(2)
}

const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const program = path('../packages/cli/bin/holdfast.js')
const peers = path('../packages/gateway/test/peers/')
const impossible = 77
const inside = 'HOLDFAST_IN_NAMESPACE'
let endAt = Number.POSITIVE_INFINITY
/** Seconds for which the link is down, and up in between; shorter where the whole run is. */
const long = seconds >= 120
const weather = { delay: 0.1, loss: 0.05, down: long ? [1, 20] : [1, 4], up: long ? [5, 20] : [2, 6] }

/** The same once more, in a network namespace of its own. */
function inNamespace() {
  const command = ['--net', process.execPath, ...process.execArgv, ...process.argv.slice(1)]
  const child = spawn('unshare', command, { stdio: 'inherit', env: { ...process.env, [inside]: '1' } })
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.log(`skipped: ${error.message}`)
      resolve(impossible)
    })
    child.once('exit', async (code) => {
      if (code === 1 && !(await canUnshare())) {
        console.log('skipped: a network namespace of its own needs root')
        return resolve(impossible)
      }
      resolve(code ?? 1)
    })
  })
}

function canUnshare() {
  const child = spawn('unshare', ['--net', 'true'], { stdio: 'ignore' })
  return new Promise((resolve) => child.once('exit', (code) => resolve(code === 0)))
}

const running = new Set()
process.on('exit', () => {
  for (const one of running) one.kill('SIGKILL')
})

/** A process whose lines of JSON are kept, and that ends with this one. */
function child(command, args) {
  const started = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const said = []
  const errors = []
  started.stdin.on('error', () => {})
  createInterface({ input: started.stdout }).on('line', (line) => {
    try {
      said.push(JSON.parse(line))
    } catch {
      said.push({ line })
    }
  })
  createInterface({ input: started.stderr }).on('line', (line) => errors.push(line))
  const ended = new Promise((resolve) => started.once('close', resolve))
  running.add(started)
  started.once('close', () => running.delete(started))
  return { process: started, said, errors, ended, say: (line) => started.stdin.write(`${line}\n`) }
}

class Backend {
  said = []

  /** `host` is a loopback address of its own: while it is away, nobody else's connection gets its port. */
  constructor(host, port) {
    this.host = host
    this.port = port
  }

  async start() {
    const restart = { spread: 300, deadline: '20s', pongTimeout: '10s' }
    const options = JSON.stringify({ host: this.host, port: this.port, every: 200, restart })
    this.child = child(process.execPath, [join(peers, 'hold-backend.mjs'), options])
    await eventually('a backend', () => this.child.said.some(({ port }) => port) || failed(this.child))
  }

  async stop() {
    this.child.process.kill('SIGTERM')
    await this.child.ended
    this.said.push(...this.child.said)
  }
}

function failed({ process: { exitCode, signalCode }, errors }) {
  if (exitCode !== null || signalCode !== null) throw new Error(errors.slice(-5).join('\n'))
  return false
}

async function eventually(what, check, ms = 30_000) {
  const until = performance.now() + ms
  for (;;) {
    const value = await check()
    if (value) return value
    if (performance.now() > until) throw new Error(`not in ${ms} ms: ${what}`)
    await after(50)
  }
}

/** xorshift32, so that a run can be repeated. */
function randomFrom(start) {
  let state = Math.imul(start, 2_654_435_761) || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

async function startGateway(folder, upstreams) {
  const [port, admin] = await freePorts(2)
  const file = join(folder, 'holdfast.json')
  const route = { name: 'all', upstreams, hold: { for: '30s', state: 'none' }, resume: { for: '60s' } }
  const drain = { spread: '500ms', deadline: '10s', retry: ['1s', '2s'] }
  const config = {
    listen: `0.0.0.0:${port}`,
    admin: `127.0.0.1:${admin}`,
    workers: Number(flags.workers),
    drain,
    routes: [route],
  }
  writeFileSync(file, JSON.stringify(config))
  const gateway = child(process.execPath, [program, 'serve', '-c', file])
  await eventually(
    'the gateway',
    () => gateway.said.some(({ line }) => line?.includes('listening')) || failed(gateway),
  )
  const api = async (what, init) => (await fetch(`http://127.0.0.1:${admin}/api/${what}`, init)).json()
  return { port, api, child: gateway }
}

/** The clients, and what breaks their network. */
async function startClients(port, random) {
  const options = {
    what: 'talk',
    clients,
    first: seed,
    every: 0.1,
    seed,
    largest: flags.resets ? 1 << 18 : 8_192,
    // Where the link is never down for long, a dead one has to be found sooner.
    constants: long ? {} : { UNACKNOWLEDGED: 1, PATIENCE: 1 },
  }
  const script = join(peers, 'resume_traffic.py')
  if (!flags.resets) {
    const url = `ws://10.77.0.1:${port}`
    const link = JSON.stringify({ ...weather, seconds, seed })
    return child(python, [path('network/link.py'), link, python, script, JSON.stringify({ ...options, url })])
  }
  const proxy = await cuttingProxy(port, () => ({
    of: random() < 0.5 ? 'client' : 'server',
    after: performance.now() > endAt ? Number.POSITIVE_INFINITY : 1 + Math.floor(random() * 4_000),
  }))
  const url = `ws://127.0.0.1:${proxy.port}`
  return child(python, [script, JSON.stringify({ ...options, url })])
}

/** Restarts backends, and upgrades the gateway, until the time is up. The result: how often, and what failed. */
async function disturb(gateway, backends, traffic, random) {
  const counts = { restarts: 0, upgrades: 0 }
  const faults = []
  while (performance.now() < endAt) {
    await after(2_000 + random() * (long ? 8_000 : 3_000))
    if (traffic.process.exitCode === impossible) {
      console.log(`skipped: ${traffic.errors.at(-1)}`)
      process.exit(impossible)
    }
    // The first is an upgrade, so that a short run has one.
    if (flags.upgrades && (counts.upgrades === 0 || random() < 0.4)) {
      const upgrade = await gateway.api('upgrade', { method: 'POST', signal: AbortSignal.timeout(120_000) })
      if (upgrade.error) faults.push(`an upgrade failed: ${upgrade.error.message ?? upgrade.error}`)
      counts.upgrades++
    } else {
      const backend = backends[Math.floor(random() * backends.length)]
      await backend.stop()
      await after(500 + random() * 1_000)
      await backend.start()
      counts.restarts++
    }
  }
  return { counts, faults }
}

async function run() {
  const random = randomFrom(seed)
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-network-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  // All of 127.0.0.0/8 is this machine on Linux.
  const hosts = process.platform === 'linux' ? ['127.77.0.1', '127.77.0.2'] : ['127.0.0.1', '127.0.0.1']
  const ports = await freePorts(2)
  const backends = hosts.map((host, n) => new Backend(host, ports[n]))
  await Promise.all(backends.map((backend) => backend.start()))
  const gateway = await startGateway(
    folder,
    backends.map(({ host, port }) => `ws://${host}:${port}`),
  )
  endAt = performance.now() + seconds * 1_000
  const traffic = await startClients(gateway.port, random)
  const { counts, faults } = await disturb(gateway, backends, traffic, random)
  traffic.say('stop')
  const seen = await eventually(
    'the report of the clients',
    () => traffic.said.find(({ faults }) => faults),
    240_000,
  )
  await Promise.all(backends.map((backend) => backend.stop()))
  const [route] = (await gateway.api('state')).routes
  const link = traffic.said.find((said) => said.link)?.link
  const gone = backends.flatMap(({ said }) => said.flatMap((event) => event.gone ?? []))
  const { lost, wrong, messages } = judge(seen.sent, gone)
  console.log(
    `${clients} clients, ${messages} messages, ${seen.returns} returns, ${counts.restarts} restarts, ${counts.upgrades} upgrades` +
      (link ? `, the link down ${link.downs} times, ${link.dropped} of ${link.packets} packets lost` : ''),
  )
  const counted = Object.values(route.counters.lost).reduce((sum, count) => sum + count, 0)
  gateway.child.process.kill('SIGTERM')
  return [
    ...faults,
    ...seen.faults.map((fault) => `client ${fault}`),
    ...(lost > 0 ? [`${lost} messages lost on their way to the backends`] : []),
    ...(wrong > 0 ? [`${wrong} doubled or out of order on their way to the backends`] : []),
    ...(counted > 0 ? [`the gateway counts ${counted} lost`] : []),
    ...(seen.sessions < clients ? [`${clients - seen.sessions} sessions did not end`] : []),
    ...(long && seen.returns === 0 ? ['nobody had to come back'] : []),
  ]
}

/** What the clients sent beside what the backends read, session by session, in the order of the epochs. */
function judge(sent, gone) {
  const result = { lost: 0, wrong: 0, messages: 0 }
  for (const [session, count] of Object.entries(sent)) {
    const epochs = gone.filter((one) => one.session === session).sort((a, b) => a.epoch - b.epoch)
    let last = 0
    for (const { first, last: end, faults } of epochs) {
      result.wrong += faults
      if (first === 0) continue
      if (first <= last) result.wrong++
      else result.lost += first - last - 1
      last = end
    }
    result.lost += count - last
    result.messages += count
  }
  return result
}

if (!flags.resets && !process.env[inside]) process.exit(await inNamespace())
const verdicts = await run()
for (const verdict of verdicts) console.log(verdict)
console.log(verdicts.length === 0 ? 'nothing lost, doubled or out of order' : `${verdicts.length} not right`)
process.exit(verdicts.length === 0 ? 0 : 1)
