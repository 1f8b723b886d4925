// A story of the demo: one thing after another is restarted under traffic.
import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../output.ts'
import { type Connect, Crowd, ordinary, resuming, returning } from './crowd.ts'
import { calm, type Restart } from './plan.ts'
import { Plug } from './plug.ts'
import { backendName, holdPath, resumePath, type Stage, timeoutMs } from './stage.ts'
import { disconnects, newTally, type Tally } from './tally.ts'

/** One restart: of a backend, or of the gateway; or a break of the network. */
export interface Step {
  name: string
  state: 'to come' | 'stopping' | 'starting' | 'returning' | 'upgrading' | 'unplugged' | 'done'
  /** Connections that have ended during it. */
  ended: number
  /** Connections that a live upgrade has moved. */
  moved?: number
}

/** Everything that the live table and the summary show. */
export interface Story {
  /** return: clients are told why, and come back. hold: they are to notice nothing. network: they go on where they were. */
  kind: 'return' | 'hold' | 'network'
  tally: Tally
  steps: Step[]
  /** When all were connected, in milliseconds of `performance.now`. */
  start: number
}

type Reach = (state: Step['state'], moved?: number) => void

/** Does what a step is about, and says how far it is. */
type Act = (stage: Stage, reach: Reach, network: Network) => Promise<{ restart?: Restart; moved?: number }>

/** What is between the clients and the gateway, and how many they are. */
interface Network {
  plug?: Plug
  clients: number
}

/** Milliseconds for which the network is away. */
const unpluggedMs = 500
/** How many clients the story about it has, at most. */
const mostUnplugged = 50

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

const pullPlug: Act = async (_, reach, { plug, clients }) => {
  reach('unplugged')
  await plug!.pull(unpluggedMs)
  reach('returning')
  await plug!.untilConnected(clients, timeoutMs)
  return {}
}

const acts: Record<Story['kind'], [name: string, act: Act][]> = {
  return: [backend(0), backend(1), backend(2), ['gateway', restartGateway]],
  hold: [backend(0), backend(1), ['gateway', upgradeGateway], backend(2)],
  network: [
    ['network', pullPlug],
    ['once more', pullPlug],
  ],
}

function backend(i: number): [name: string, act: Act] {
  return [backendName(i), restartBackend(i)]
}

export function newStory(kind: Story['kind'], connections: number): Story {
  const steps = acts[kind].map(([name]): Step => ({ name, state: 'to come', ended: 0 }))
  const clients = kind === 'network' ? Math.min(connections, mostUnplugged) : connections
  return { kind, tally: newTally(clients), steps, start: performance.now() }
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
  const plug = kind === 'network' ? await Plug.listen(stage.gateway.port) : undefined
  const crowd = new Crowd(urlsOf(kind, stage, plug), clientsOf[kind], tally)
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
      const { restart, moved } = await act(stage, reach, { plug, clients: tally.clients })
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
    await plug?.[Symbol.asyncDispose]()
  }
}

const clientsOf: Record<Story['kind'], Connect> = { return: returning, hold: ordinary, network: resuming }

function urlsOf(kind: Story['kind'], { url, secureUrl }: Stage, plug: Plug | undefined): string[] {
  if (plug) return [`ws://127.0.0.1:${plug.port}${resumePath}`]
  return kind === 'return' ? [`${url}/`] : [`${url}${holdPath}`, `${secureUrl}${holdPath}`]
}
