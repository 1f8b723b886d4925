// The gateway at rest, once a minute, and what its figures must do: stay.
import { setTimeout as after } from 'node:timers/promises'
import { processOf } from './gateway.mjs'

/** Time for what has left to be gone: closing handshakes, timers, garbage. */
const restMs = 6_000
/** What the later looks may have more than the earlier ones. */
const allowed = { rss: 12 * 1024 * 1024, rssPart: 0.15, descriptors: 8, delayMs: 25 }

const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1)
export const lookHeader = 'minute  supervisor MiB/fds  workers MiB/fds           p99 of the event loops, ms'

export async function look(gateway, minute) {
  await after(restMs)
  // A worker reports the delay since its last report: this one begins the time that counts.
  await gateway.state()
  await after(2_000)
  const { workers } = await gateway.state()
  const supervisor = processOf(gateway.child.pid)
  const processes = workers.map(({ pid }) => ({ pid, ...processOf(pid) }))
  const delays = workers.map(({ process: figures }) => figures?.delay ?? 0)
  const each = processes.map(({ rss, descriptors }) => `${mib(rss)}/${descriptors}`).join(' ')
  console.log(
    `${minute.toFixed(1).padStart(6)}  ${`${mib(supervisor.rss)}/${supervisor.descriptors}`.padEnd(19)} ${each.padEnd(25)} ${delays.map((ms) => ms.toFixed(0)).join(' ')}`,
  )
  return {
    rss: supervisor.rss + sum(processes.map(({ rss }) => rss)),
    descriptors: supervisor.descriptors + sum(processes.map(({ descriptors }) => descriptors)),
    delayMs: Math.max(...delays),
    pids: processes.map(({ pid }) => pid).join(' '),
  }
}

/** What is not right, a line each. The first third of what is judged is compared with the last. */
export function judge({ looks, traffic, workerRestarts, status, problems }) {
  const wrong = [...problems]
  if (workerRestarts > 0) wrong.push(`${workerRestarts} workers have ended by themselves`)
  if (status !== 0) wrong.push(`the gateway ended with ${status}`)
  if (traffic.away > 0) wrong.push(`${traffic.away} clients are away at the end`)
  if (traffic.doubled + traffic.reordered > 0) wrong.push('messages were doubled or reordered')
  const judged = looks.filter((seen) => seen.judged)
  const third = Math.floor(judged.length / 3)
  if (third === 0) return [...wrong, 'too short to see whether anything grows: at least 5 minutes']
  for (const figure of ['rss', 'descriptors', 'delayMs']) {
    const early = median(judged.slice(0, third).map((seen) => seen[figure]))
    const late = median(judged.slice(-third).map((seen) => seen[figure]))
    const room = Math.max(allowed[figure], figure === 'rss' ? early * allowed.rssPart : 0)
    if (late > early + room) wrong.push(`${figure} has grown from ${early.toFixed(0)} to ${late.toFixed(0)}`)
  }
  return wrong
}

function sum(numbers) {
  return numbers.reduce((all, one) => all + one, 0)
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
