// One restart of one application, in a process of its own: node trial.mjs '{"application":…,"stop":…,"ways":[…],…}'.
// All ways lead to the same server, so that they see the same restart. Prints the result as JSON on its last line.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { end, endAll, freePort, launch, listening } from './processes.mjs'
import { firstHeard, user } from './users.mjs'
import { ways as allWays } from './ways.mjs'

const busyEveryMs = 250
const probeEveryMs = 200
/** From here on the server counts as up: a listening port is not yet seen by whoever tries again every few 100 ms. */
const upAfterMs = 500
/** For a client to be in the room before the restart. */
const settleLimitMs = 30_000
/** For what was said last to arrive. */
const lastWordsMs = 1500

const options = JSON.parse(process.argv[2])
const { awayMs, patienceMs, afterMs, verbose } = options
const application = await import(`../applications/${options.application}.mjs`)
const { about } = application
const folder = mkdtempSync(join(tmpdir(), 'holdfast-apps-'))
const now = () => performance.now()
// What a client library throws is part of what a user notices; it must not end the trial.
const strays = []
for (const name of ['uncaughtException', 'unhandledRejection']) {
  process.on(name, (error) => strays.push(String(error?.stack ?? error).slice(0, 400)))
}

// What was started is in process groups of its own, which nobody else ends.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await endAll()
    await application.afterStop?.({ port, folder, last: true })
    rmSync(folder, { recursive: true, force: true })
    process.exit(1)
  })
}

const port = await freePort()
let server
async function up() {
  const command = application.command?.({ port, folder })
  server = command
    ? launch(command.run, { env: command.env, cwd: folder })
    : launch([process.execPath, join(import.meta.dirname, 'server.mjs'), options.application, port, folder])
  await listening(port, server, 60_000)
  await application.serving?.({ port, server })
}

async function until(check, limitMs) {
  const limit = now() + limitMs
  while (!check()) {
    if (now() > limit) return false
    await sleep(20)
  }
  return true
}

async function arrive(way, role, at) {
  const one = user(application, { author: `${way}.${role}`, port: at, folder, now })
  const late = Symbol('late')
  const inTime = await Promise.race([one.ready, sleep(settleLimitMs, late, { ref: false })])
  if (inTime === late) throw new Error(`${way}.${role} does not get in`)
  return one
}

/** Opens a way, with the client on it that a gateway may ask with. */
async function open(way) {
  const front = await allWays
    .find(({ name }) => name === way)
    .open({ upstream: port, folder, checkout: options.checkout, about })
  return { way, front, asker: await arrive(way, 'asker', front.port) }
}

/** A restart before the one that counts: a gateway learns from it whether this server restores sessions. */
async function restartBefore(opened) {
  await end(server, 'SIGKILL', 15_000)
  await up()
  const speaker = await arrive('the', 'speaker', port)
  speaker.speakEvery(probeEveryMs)
  await until(() => opened.every(({ asker }) => Number.isFinite(firstHeard(asker, speaker, 0))), patienceMs)
  await speaker.leave()
}

async function settle({ way, front, asker }) {
  const [quiet, busy] = await Promise.all([arrive(way, 'quiet', front.port), arrive(way, 'busy', front.port)])
  busy.speakEvery(busyEveryMs)
  const works = await until(() => firstHeard(quiet, busy, 0) < Number.POSITIVE_INFINITY, settleLimitMs)
  if (!works) throw new Error(`${way}: nothing is heard before the restart`)
  return { way, front, asker, quiet, busy }
}

/** Does it for all at a time; the ways for which it fails are left out, and their problems kept. */
async function forEach(ways, act, problems) {
  const results = await Promise.allSettled(ways.map(act))
  return results.flatMap((result, index) => {
    if (result.status === 'fulfilled') return [result.value]
    problems[ways[index].way ?? ways[index]] = result.reason.message
    return []
  })
}

const seconds = (ms) => (Number.isFinite(ms) ? Math.round(ms / 10) / 100 : null)

/** What one user heard of the probe, which is connected directly and heard all. */
function hearing(one, probe, upAt, lastAt) {
  const at = firstHeard(one, probe, upAt)
  const missed = probe.said.filter(
    ({ text, at, refused }) => !refused && at <= lastAt && !one.heard.has(text),
  )
  return {
    again: at - upAt,
    missed: missed.length,
    missedSinceBack: missed.filter((message) => message.at > at + 100).length,
  }
}

function speaking(busy, everybody, times) {
  const delivered = (text) => everybody.some(({ heard }) => heard.has(text))
  const lost = busy.said.filter(({ text, at, refused }) => at >= times.stop && !refused && !delivered(text))
  const again = Math.min(...everybody.map((one) => firstHeard(one, busy, times.up, times.stop)))
  return {
    again: again - times.up,
    lostAway: lost.filter(({ at }) => at < times.counts).length,
    lostUp: lost.filter(({ at }) => at >= times.counts && at <= times.last).length,
    refused: busy.said.filter(({ at, refused }) => at >= times.stop && refused).length,
    twice: busy.said.filter(({ text }) => everybody.some(({ heard }) => heard.get(text)?.times > 1)).length,
  }
}

function judge({ asker, quiet, busy, newcomer, front }, probe, everybody, times) {
  const events = (one) =>
    one.events.filter(({ at }) => at >= times.stop).map(({ at, event }) => [seconds(at - times.up), event])
  const heardBy = (one) => hearing(one, probe, times.up, times.last)
  const quietHears = heardBy(quiet)
  const busyHears = heardBy(busy)
  const spoke = speaking(busy, everybody, times)
  const newHears = heardBy(newcomer)
  const askerHears = heardBy(asker)
  // Whoever is told only once the server is back, and alone in that, is the one with whom the gateway asked.
  const late = [asker, quiet, busy].filter((one) => events(one)[0]?.[0] >= 0)
  const told = [asker, quiet, busy].every((one) => events(one).length > 0)
  const asked = (one) => told && late.length === 1 && late[0] === one
  return {
    quiet: { asked: asked(quiet), ...quietHears, again: seconds(quietHears.again), events: events(quiet) },
    busy: {
      asked: asked(busy),
      ...spoke,
      ...busyHears,
      again: seconds(Math.max(busyHears.again, spoke.again)),
      hears: seconds(busyHears.again),
      speaks: seconds(spoke.again),
      events: events(busy),
    },
    newcomer: { ...newHears, again: seconds(newHears.again), events: events(newcomer) },
    asker: { ...askerHears, again: seconds(askerHears.again), events: events(asker) },
    ...(verbose && { log: front.output() }),
  }
}

async function trial() {
  await up()
  const problems = {}
  const opened = await forEach(options.ways, open, problems)
  if (!options.first) await restartBefore(opened)
  const settled = await forEach(opened, settle, problems)
  if (settled.length === 0) throw new Error(JSON.stringify({ problems, strays, server: server.output() }))
  await sleep(500)
  const times = { stop: now() }
  const endedByItself = await end(server, options.stop === 'kill' ? 'SIGKILL' : 'SIGTERM', 15_000)
  await application.afterStop?.({ port, folder })
  await sleep(awayMs / 2)
  for (const one of settled) {
    one.newcomer = user(application, { author: `${one.way}.newcomer`, port: one.front.port, folder, now })
    one.newcomer.ready.catch(() => undefined)
  }
  await sleep(awayMs / 2)
  const stopMs = now() - times.stop - awayMs
  await up()
  times.up = now()
  const probe = await arrive('the', 'probe', port)
  const probeReady = now() - times.up
  await sleep(Math.max(0, upAfterMs - probeReady))
  times.counts = now()
  probe.speakEvery(probeEveryMs)
  const listeners = settled.flatMap(({ asker, quiet, busy, newcomer }) => [asker, quiet, busy, newcomer])
  const everybody = [probe, ...listeners]
  await until(
    () =>
      listeners.every((one) => Number.isFinite(firstHeard(one, probe, times.up))) &&
      settled.every(({ busy }) =>
        everybody.some((one) => Number.isFinite(firstHeard(one, busy, times.up, times.counts))),
      ),
    patienceMs,
  )
  await sleep(afterMs)
  for (const one of [probe, ...settled.map(({ busy }) => busy)]) one.hush()
  times.last = now() - 20
  await sleep(lastWordsMs)
  const cells = Object.fromEntries(settled.map((one) => [one.way, judge(one, probe, everybody, times)]))
  for (const one of everybody)
    await Promise.race([Promise.resolve(one.leave()).catch(() => undefined), sleep(200)])
  return {
    application: options.application,
    stop: options.stop,
    endedByItself,
    stopSeconds: seconds(stopMs),
    probeSeconds: seconds(probeReady),
    cells,
    problems,
    ...(strays.length > 0 && { strays: strays.slice(0, 10) }),
  }
}

let result
try {
  result = await trial()
} catch (error) {
  result = {
    application: options.application,
    stop: options.stop,
    failed: error.message,
    cells: {},
    ...(strays.length > 0 && { strays: strays.slice(0, 10) }),
  }
}
await endAll()
await application.afterStop?.({ port, folder, last: true })
rmSync(folder, { recursive: true, force: true })
process.stdout.write(`\n${JSON.stringify(result)}\n`, () => process.exit(0))
