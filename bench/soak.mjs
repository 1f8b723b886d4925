// Twenty minutes of faults: does the gateway keep its memory, its descriptors and its pace? Exit status 1 when not.
//   npm run soak                       -- --minutes 20 --seed 1
// Backends are ended, killed and stopped; workers and the supervisor are stopped; the wall clock jumps by an hour; the
// disk of the log is full; the configuration is reloaded; strangers come and go. Once a minute all of that rests, and
// the processes are looked at.
import { setTimeout as after } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startGenerator } from './lib/ask.mjs'
import { freePorts, listening, start, stop } from './lib/children.mjs'
import { faults } from './soak/faults.mjs'
import { startGateway } from './soak/gateway.mjs'
import { judge, look, lookHeader } from './soak/look.mjs'

const { values: flags } = parseArgs({
  options: { minutes: { type: 'string', default: '20' }, seed: { type: 'string', default: '1' } },
})
const minutes = Number(flags.minutes)
const seed = Number(flags.seed)
if (!(minutes >= 1 && minutes <= 600) || !Number.isSafeInteger(seed) || seed === 0) {
  console.error('--minutes is from 1 to 600, --seed a whole number other than 0')
  process.exit(2)
}

/** Clients that talk all the time, on the route with `hold`. */
const regulars = 50
/** Live upgrades happen in this part of the run; behind it the same processes are watched to the end. */
const upgradesUntil = 1 / 3
const roundMs = 60_000
const faultEveryMs = 2_500

const script = (path) => fileURLToPath(new URL(path, import.meta.url))

async function startBackend(port) {
  const child = start('0,1', [process.execPath, script('lib/continuity-backend.mjs')], {
    env: { PORT: String(port), HELPER: '1' },
  })
  await listening(child, port)
  return child
}

/** xorshift32, so that a run can be repeated. */
function randomFrom(start) {
  let state = start
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

async function run() {
  const random = randomFrom(seed)
  const backendPorts = await freePorts(2)
  const backends = await Promise.all(backendPorts.map(startBackend))
  const gateway = await startGateway(backendPorts.map((port) => `ws://127.0.0.1:${port}`))
  const clients = startGenerator(script('lib/continuity-clients.mjs'))
  const strangers = startGenerator(script('soak/strangers.mjs'))
  await clients.ask('open', { port: gateway.ports.plain, connections: regulars })
  await strangers.ask('begin', { ports: gateway.ports, seed })

  const scene = {
    gateway,
    random,
    backends,
    async replaceBackend(index, signal) {
      await stop(backends[index], signal, 15_000)
      backends[index] = await startBackend(backendPorts[index])
    },
  }
  let ended = false
  gateway.child.once('exit', () => {
    ended = true
  })
  const counts = {}
  const looks = []
  const begin = performance.now()
  const endAt = begin + minutes * 60_000
  console.log(lookHeader)
  while (performance.now() < endAt && !ended) {
    const roundEnds = Math.min(endAt, performance.now() + roundMs)
    const part = (performance.now() - begin) / (endAt - begin)
    if (part < upgradesUntil) await faults.upgrade(scene).then(count('upgrade'), failed('upgrade'))
    while (performance.now() < roundEnds - 15_000 && !ended) {
      const names = Object.keys(faults).filter((name) => name !== 'upgrade')
      const name = names[Math.floor(random() * names.length)]
      await faults[name](scene).then(count(name), failed(name))
      await after(faultEveryMs * random())
    }
    await strangers.ask('rest', {})
    if (ended) break
    const seen = await look(gateway, (performance.now() - begin) / 60_000)
    looks.push({ ...seen, judged: part >= upgradesUntil })
    await strangers.ask('goOn', {})
  }
  await strangers.ask('end', {})
  const traffic = await clients.ask('result', {})
  if (ended) problems.push(`the gateway has ended: ${gateway.lastWords()}`)
  const { workerRestarts } = ended ? {} : await gateway.state()
  const status = await gateway.end()
  return { looks, traffic, workerRestarts, status, counts, problems }

  function count(name) {
    return () => {
      counts[name] = (counts[name] ?? 0) + 1
    }
  }
}

const problems = []
function failed(name) {
  return (error) => problems.push(`${name}: ${error.message}`)
}

const result = await run()
console.log(
  `faults: ${Object.entries(result.counts)
    .map(([name, times]) => `${times} x ${name}`)
    .join(', ')}`,
)
const { disconnects, codes, lost, doubled, reordered, away } = result.traffic
console.log(
  `${regulars} clients that went on: ${disconnects} disconnects ${JSON.stringify(codes)}, ${lost} lost, ${doubled} doubled, ${reordered} reordered, ${away} away at the end`,
)
const verdicts = judge(result)
for (const verdict of verdicts) console.log(verdict)
console.log(verdicts.length === 0 ? 'flat' : `${verdicts.length} not right`)
process.exit(verdicts.length === 0 ? 0 : 1)
