// Clients of many libraries at once, and what each of them has seen.
import { Worker } from 'node:worker_threads'

const thread = new URL('thread.mjs', import.meta.url)
/** Threads that start at the same time: each parses a library. */
const atOnce = 4
/** Milliseconds that a client may take until it is served for the first time. */
const startLimit = 30_000

/** Some clients of one library that are one page or program: what they have seen, by the clock of `performance`. */
class Group {
  problem
  /** When its program ended by a fault of the library. */
  ended

  constructor(library, count) {
    this.library = library
    this.count = count
    /** When each began a connection, and when it was served (again). */
    this.dials = Array.from({ length: count }, () => [])
    this.served = Array.from({ length: count }, () => [])
    /** How long each connection lasted, milliseconds, as they ended. */
    this.ages = Array.from({ length: count }, () => [])
    this.gaveUp = new Array(count)
  }

  hear({ what, at, client, age, problem }) {
    if (what === 'dial') this.dials[client].push(at)
    if (what === 'end') this.ages[client].push({ at, age })
    if (what === 'served') {
      this.served[client].push(at)
      this.gaveUp[client] = undefined
      this.onServed?.()
    }
    if (what === 'gaveUp') this.gaveUp[client] ??= at
    // Nobody catches what a library throws from a timer of its own: the program ends.
    if (what === 'problem') {
      this.problem = problem
      this.ended = at
    }
  }

  get everServed() {
    return this.served.every((times) => times.length > 0)
  }
}

function startThread(library, port, first, group) {
  const worker = new Worker(thread, {
    workerData: { name: library.name, url: library.url, port, first, count: group.count },
    stdout: true,
    stderr: true,
  })
  worker.on('message', (told) => group.hear(told))
  worker.on('error', (error) => {
    group.problem = error.message
    group.onServed?.()
  })
  group.say = (texts) => worker.postMessage(texts)
  group.stop = () => worker.terminate()
}

/**
 * Starts `pages` groups of `count` clients of each library, and waits until every client is served.
 * A library with `open` is started by that, in a browser.
 */
export async function startFleet(libraries, port, { pages, count }) {
  const waiting = libraries.flatMap((library) => Array.from({ length: pages }, () => library))
  const groups = []
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let library = waiting.shift(); library; library = waiting.shift()) {
        const group = new Group(library, count)
        const first = groups.push(group) * count
        await (library.open ?? startThread)(library, port, first, group)
        await ready(group)
      }
    }),
  )
  return {
    groups,
    /** Each client's application sends a message of its own. */
    say() {
      for (const [page, group] of groups.entries())
        group.say(group.served.map((_, client) => saying(group, page, client)))
    },
    said: (group) => group.served.map((_, client) => saying(group, groups.indexOf(group), client)),
    stop: () => Promise.all(groups.map((group) => group.stop())),
  }
}

const saying = (group, page, client) => `said-${group.library.name}-${page}-${client}!`

function ready(group) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      group.problem ??= 'was not served at first'
      resolve()
    }, startLimit)
    group.onServed = () => {
      if (!group.everServed && !group.problem) return
      clearTimeout(timer)
      group.onServed = undefined
      resolve()
    }
    group.onServed()
  })
}
