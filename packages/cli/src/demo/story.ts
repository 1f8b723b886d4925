// A story of the demo: one thing after another is restarted under traffic.
import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../output.ts'
import { Crowd, ordinary, returning } from './crowd.ts'
import { calm, type Restart } from './plan.ts'
import { backendName, holdPath, type Stage, timeoutMs } from './stage.ts'
import { disconnects, newTally, type Tally } from './tally.ts'

/** One restart: of a backend, or of the gateway. */
export interface Step {
  name: string
  state: 'to come' | 'stopping' | 'starting' | 'returning' | 'upgrading' | 'done'
  /** Connections that have ended during it. */
  ended: number
  /** Connections that a live upgrade has moved. */
  moved?: number
}

/** Everything that the live table and the summary show. */
export interface Story {
  /** return: clients are told why, and come back. hold: they are to notice nothing. */
  kind: 'return' | 'hold'
  tally: Tally
  steps: Step[]
  /** When all were connected, in milliseconds of `performance.now`. */
  start: number
}

type Reach = (state: Step['state'], moved?: number) => void

/** Does what a step is about, and says how far it is. */
type Act = (stage: Stage, reach: Reach) => Promise<{ restart?: Restart; moved?: number }>

const restartBackend =
  (i: number): Act =>
  async (stage, reach) => {
    reach('stopping')
    await stage.restartBackend(i, () => reach('starting'))
    return { restart: stage.plan.backend }
  }

const restartGateway: Act = async (stage, reach) => {
  reach('stopping')
  await stage.restartGateway(() => reach('starting'))
  return { restart: stage.plan.gateway }
}

const upgradeGateway: Act = async (stage, reach) => {
  reach('upgrading')
  return { moved: await stage.upgradeGateway() }
}

const acts: Record<Story['kind'], [name: string, act: Act][]> = {
  return: [backend(0), backend(1), backend(2), ['gateway', restartGateway]],
  hold: [backend(0), backend(1), ['gateway', upgradeGateway], backend(2)],
}

function backend(i: number): [name: string, act: Act] {
  return [backendName(i), restartBackend(i)]
}

export function newStory(kind: Story['kind'], connections: number): Story {
  const steps = acts[kind].map(([name]): Step => ({ name, state: 'to come', ended: 0 }))
  return { kind, tally: newTally(connections), steps, start: performance.now() }
}

/** Plays the story in at least `seconds`; says when all are connected, and whenever a step has moved on. */
export async function playStory(
  story: Story,
  stage: Stage,
  seconds: number,
  events: { begun(): void; moved(step: Step): void },
): Promise<void> {
  const { kind, tally, steps } = story
  const returns = kind === 'return'
  const url = `ws://127.0.0.1:${stage.gateway.port}${returns ? '/' : holdPath}`
  const crowd = new Crowd(url, returns ? returning : ordinary, tally)
  try {
    if (!(await crowd.gather(timeoutMs))) throw new Failure(1, 'not all clients could connect; try fewer')
    story.start = performance.now()
    events.begun()
    await pause(calm)
    for (const [i, [, act]] of acts[kind].entries()) {
      const step = steps[i]!
      const before = disconnects(tally)
      const reach: Reach = (state, moved) => {
        Object.assign(step, { state, moved, ended: disconnects(tally) - before })
        events.moved(step)
      }
      const { restart, moved } = await act(stage, reach)
      if (returns && restart) {
        reach('returning')
        await crowd.allOpen(restart.spread + restart.retry[1] + timeoutMs)
      }
      reach('done', moved)
    }
    await pause(Math.max(calm, story.start + seconds * 1000 - performance.now()))
    await crowd.hush()
  } finally {
    crowd.leave()
  }
}
