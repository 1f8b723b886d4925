// Runs in every runtime: all cases, against the native class and against ours.

import type { WebSocketClass } from '../../src/connection.ts'
import { ReconnectingWebSocket } from '../../src/index.ts'
import { observe, type Plan, type Socket, type Step } from './observe.ts'

export interface Job {
  readonly name: string
  readonly url: string
  readonly plan: Plan
  readonly protocols: readonly string[]
  readonly connectTimeout?: number
}

export interface Seen {
  readonly native: Step[]
  readonly ours: Step[]
}

/** Milliseconds that are waited for a `close` event. */
const limit = 10_000

async function runOne(job: Job, Native: WebSocketClass): Promise<readonly [string, Seen]> {
  const { name, url, plan, connectTimeout } = job
  const protocols = [...job.protocols]
  const options = { maxRetries: 0, buffer: { messages: 0 }, WebSocket: Native, connectTimeout }
  // What the native one is told to do after a time, ours does by itself.
  const { closeUnlessOpenAfter: _, ...ourPlan } = plan
  const [native, ours] = await Promise.all([
    observe(() => new Native(url, protocols) as unknown as Socket, plan, limit),
    observe(() => new ReconnectingWebSocket(url, protocols, options), ourPlan, limit),
  ])
  return [name, { native, ours }]
}

/** Every job against both. One after the other in a browser, which delays connections when many fail. */
export async function runAll(
  jobs: readonly Job[],
  Native: WebSocketClass,
  oneByOne = false,
): Promise<Record<string, Seen>> {
  const rows: (readonly [string, Seen])[] = []
  if (oneByOne) for (const job of jobs) rows.push(await runOne(job, Native))
  else rows.push(...(await Promise.all(jobs.map((job) => runOne(job, Native)))))
  return Object.fromEntries(rows)
}
