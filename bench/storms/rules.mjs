// What Holdfast has to reach beside nginx, and what of it was not reached.
import { median } from '../lib/table.mjs'

/** The time until a client is served again may be so many times what it is through nginx. */
const timeFactor = 1.2
/** What a machine with two cores may be late, milliseconds. */
const slack = 250
/** The busiest 100 ms of handshakes at the upstream may have so many times the mean. */
const burst = 3

const width = 100
/** The mean is taken over five seconds at least: whoever returns all at once has a mean like everybody else. */
const leastColumns = 50

/**
 * The median of some clients of one library, and the greatest. Delays of libraries are drawn at random, so the medians of
 * a few clients differ from run to run: what one of the clients saw through nginx is not held against Holdfast.
 */
export function summaryOf(clients) {
  const numbers = (what) => clients.map((client) => client[what]).filter((value) => value !== undefined)
  const of = (what) => {
    const values = numbers(what)
    return values.length > 0 ? { median: median(values), greatest: Math.max(...values) } : undefined
  }
  const sum = (what) => clients.reduce((all, client) => all + Number(client[what] ?? 0), 0)
  return {
    clients: clients.length,
    connections: of('connections'),
    inHalf: of('inHalf'),
    back: of('back'),
    away: clients.filter(({ back, gaveUp }) => back === undefined && !gaveUp).length,
    gaveUp: sum('gaveUp'),
    arrived: sum('arrived'),
    reached: clients.filter(({ arrived }) => arrived > 0).length,
  }
}

/** What is known and cannot be had otherwise: the library by the begin of its label, and why it gives up. */
const known = [
  [
    'rxjs',
    'a Close that is answered completes its stream, whatever the code says; when an open connection loses its upstream, Holdfast sends one',
  ],
]

/** Sentences about what is worse through Holdfast than through nginx in a situation. */
function worseThanNginx(situation, library, nginx, holdfast) {
  const where = `${library}, ${situation}`
  const found = []
  for (const what of ['connections', 'inHalf']) {
    // Who has given up begins no more connections, which is nothing to be equalled.
    if (nginx.gaveUp === 0 && holdfast[what]?.median > nginx[what]?.greatest)
      found.push(`${where}: ${holdfast[what].median} connections, through nginx ${nginx[what].median}`)
  }
  const limit = Math.max(nginx.back?.median * timeFactor, nginx.back?.greatest) + slack
  if (holdfast.back?.median > limit)
    found.push(`${where}: back after ${ms(holdfast.back.median)}, through nginx ${ms(nginx.back.median)}`)
  if (holdfast.gaveUp > nginx.gaveUp && !exception(library))
    found.push(`${where}: ${holdfast.gaveUp} gave up for good, through nginx ${nginx.gaveUp}`)
  // A drain that lets go of one after the other has let go of some when the message is sent.
  if (situation !== 'drained' && share(holdfast) < share(nginx))
    found.push(`${where}: ${holdfast.reached} of ${holdfast.clients} messages arrived, through nginx more`)
  return found
}

/** Of how many of the clients the message has arrived. */
const share = ({ reached, clients }) => reached / clients

/** Why a library may give up where it would not through nginx. */
export const exception = (library) => known.find(([name]) => library.startsWith(name))?.[1]

const ms = (value) => `${Math.round(value)} ms`

/**
 * How evenly connections are spread, each with its time in milliseconds and the name of its library: the mean is that of the
 * time in which nine of ten came. `of`: the libraries that most of the busiest 100 ms were of.
 */
export function evenness(connections) {
  if (connections.length === 0) return { count: 0, busiest: 0, overMean: 0, of: [] }
  const sorted = [...connections].sort((a, b) => a.at - b.at)
  const columns = new Map()
  for (const { at, name } of sorted) {
    const column = Math.floor((at - sorted[0].at) / width)
    columns.set(column, [...(columns.get(column) ?? []), name])
  }
  const most = Math.ceil(sorted.length * 0.9)
  const span = Math.max(leastColumns, (sorted[most - 1].at - sorted[0].at) / width)
  const names = [...columns.values()].reduce((busiest, next) =>
    next.length > busiest.length ? next : busiest,
  )
  return {
    count: sorted.length,
    busiest: names.length,
    seconds: (span * width) / 1000,
    overMean: names.length / (most / span),
    of: mostFrequent(names).slice(0, 3),
    columns: Array.from({ length: leastColumns }, (_, n) => columns.get(n)?.length ?? 0),
  }
}

/** Each name with how often it is there, the most frequent first. */
function mostFrequent(names) {
  const counts = new Map()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)
}

/** A sentence when the upstream was rushed. */
function rushed({ overMean }) {
  return overMean > burst
    ? [`1,000 clients after 3 s: the busiest 100 ms of handshakes are ${overMean.toFixed(1)} x the mean`]
    : []
}

/** Sentences about all that is worse through Holdfast than through nginx. */
export function judge(results, crowds) {
  const broken = []
  for (const entry of results.filter(({ way }) => way === 'holdfast')) {
    const { situation, library } = entry
    const other = results.find(
      (one) => one.way === 'nginx' && one.situation === situation && one.library === library,
    )
    if (entry.problem) broken.push(`${library}, ${situation}: ${entry.problem}`)
    else if (other && !other.problem)
      broken.push(...worseThanNginx(situation, library, summaryOf(other.clients), summaryOf(entry.clients)))
  }
  const ours = crowds.find(({ way }) => way === 'holdfast')
  return [...broken, ...(ours ? rushed(ours.upstream) : [])]
}
