// The main story of the demo: everything is restarted under traffic, and everyone comes back.
import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../output.ts'
import { Crowd } from './crowd.ts'
import { calm, type Plan, planFor, type Restart } from './plan.ts'
import { untilListening } from './ports.ts'
import type { Processes } from './processes.ts'
import { type Listening, startBackend, startGateway } from './start.ts'
import { disconnects, newTally, type Tally } from './tally.ts'

/** One restart: of a backend, or of the gateway. */
export interface Step {
  name: string
  state: 'to come' | 'stopping' | 'starting' | 'returning' | 'done'
  /** Connections that have ended during it. */
  ended: number
}

/** Everything that the live table and the summary show. */
export interface Story {
  tally: Tally
  steps: Step[]
  /** When all were connected, in milliseconds of `performance.now`. */
  start: number
}

/** What still runs after the story. */
export interface Remaining {
  backends: Listening[]
  gateway: Listening & { admin?: string }
}

export interface StoryOptions {
  seconds: number
  /** Milliseconds that a gateway takes to start here. */
  startMs: number
}

const backendCount = 3

/** Milliseconds beyond its plan after which a step counts as failed. */
const patience = 10_000

export function newStory(connections: number): Story {
  const names = [...Array.from({ length: backendCount }, (_, i) => `backend ${i + 1}`), 'gateway']
  const steps = names.map((name): Step => ({ name, state: 'to come', ended: 0 }))
  return { tally: newTally(connections), steps, start: performance.now() }
}

/** Plays the story; says when all are connected, and whenever a step has moved on. */
export async function playStory(
  processes: Processes,
  { seconds, startMs }: StoryOptions,
  story: Story,
  events: { begun(): void; moved(step: Step): void },
): Promise<Remaining> {
  const plan = planFor(seconds, startMs)
  const { tally, steps } = story
  const backends = await Promise.all(
    steps.slice(0, backendCount).map(({ name }) => startBackend(processes, backendInit(name, plan))),
  )
  const config = gatewayConfig(backends, plan)
  const remaining = { backends, gateway: await startGateway(processes, config) }
  const crowd = new Crowd(`ws://127.0.0.1:${remaining.gateway.port}`, tally)
  try {
    if (!(await crowd.gather(patience))) throw new Failure(1, 'not all clients could connect; try fewer')
    story.start = performance.now()
    events.begun()
    await pause(calm)
    const moved = (step: Step, state: Step['state']) => {
      step.state = state
      events.moved(step)
    }
    for (const [i, step] of steps.entries()) {
      const before = disconnects(tally)
      const { spread, retry } = i < backendCount ? plan.backend : plan.gateway
      moved(step, 'stopping')
      if (i < backendCount) await restartBackend(processes, remaining, i, plan, () => moved(step, 'starting'))
      else await restartGateway(processes, remaining, config, plan, () => moved(step, 'starting'))
      moved(step, 'returning')
      await crowd.allOpen(spread + retry[1] + patience)
      step.ended = disconnects(tally) - before
      moved(step, 'done')
    }
    await pause(Math.max(0, story.start + seconds * 1000 - performance.now()))
    await crowd.hush()
  } finally {
    crowd.leave()
  }
  return remaining
}

async function restartBackend(
  processes: Processes,
  { backends }: Remaining,
  i: number,
  plan: Plan,
  starting: () => void,
): Promise<void> {
  const old = backends[i]!
  old.signal('SIGTERM')
  await gone(old, plan.backend)
  starting()
  backends[i] = await startBackend(processes, backendInit(`backend ${i + 1}`, plan, old.port))
}

async function restartGateway(
  processes: Processes,
  remaining: Remaining,
  config: object,
  plan: Plan,
  starting: () => void,
): Promise<void> {
  const old = remaining.gateway
  old.signal('SIGTERM')
  // It stops listening at once and goes on taking leave of its clients; the next one can begin meanwhile.
  await untilListening(old.port, false, AbortSignal.timeout(patience))
  starting()
  remaining.gateway = await startGateway(processes, config, old.port)
  await gone(old, plan.gateway)
}

/** Waits for a process that was told to end, at the latest until all its clients must be gone. */
async function gone({ exited }: Listening, { spread }: Restart): Promise<void> {
  const limit = new AbortController()
  const late = pause(spread + patience, undefined, { signal: limit.signal }).catch(() => {})
  await Promise.race([exited, late])
  limit.abort()
}

function backendInit(name: string, { backend: { spread, retry } }: Plan, port?: number) {
  return { name, port, restart: { spread, retry, deadline: spread + patience / 2 } }
}

function gatewayConfig(backends: readonly Listening[], { gateway: { spread, retry } }: Plan): object {
  const drain = {
    spread: `${spread}ms`,
    retry: retry.map((ms) => `${ms}ms`),
    deadline: `${spread + patience / 2}ms`,
  }
  const routes = [{ name: 'echo', upstreams: backends.map(({ port }) => `ws://127.0.0.1:${port}`) }]
  return { admin: '127.0.0.1:0', workers: 2, drain, routes }
}
