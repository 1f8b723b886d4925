// What a worker does when its supervisor asks for something, and what it answers.
import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { type DrainScope, errorMessage } from '../core/index.ts'
import { tryWithOwnConnection } from './own-connection.ts'
import type { FromWorker, Request, Requests, RequestType } from './worker-messages.ts'
import type { WorkerParts } from './worker-parts.ts'

type Answer<T extends RequestType> = Requests[T]['answer'] | Promise<Requests[T]['answer']>

type Handlers = {
  [T in RequestType]: (parts: WorkerParts, ask: Requests[T]['ask'], handle: unknown) => Answer<T>
}

const handlers: Handlers = {
  listen: ({ leaving, listeners }, { listener }, handle) =>
    leaving.hasBegun ? {} : listeners.listen(listener, handle),
  unlisten: ({ listeners }, { listener }) => {
    listeners.unlisten(listener)
    return {}
  },
  'prepare-reload': async ({ gateway }, { options }) => {
    await gateway.prepareReload(options)
    // A fault of what was loaded is told before the answer.
    await turnOfTheLoop()
    return {}
  },
  reload: (parts, { options, drain }) => parts.reload(options, drain),
  drain: (parts, { scope, drain }) => drainConnections(parts, scope, drain),
  give: ({ gateway }, { run, to }) => gateway.giveSome(run, to),
  undrain: ({ gateway }, { scope }) => ({ found: gateway.undrain(scope) }),
  snapshot: (parts) => parts.report(),
  connections: ({ gateway }, { filter }) => ({ connections: gateway.connections(filter) }),
  'close-connection': ({ gateway }, { id, code, reason }) => ({
    found: gateway.closeConnection(id, code, reason),
  }),
  leave: ({ leaving }, ask) => leaving.leave(ask),
  return: async ({ leaving }) => {
    await leaving.return()
    return {}
  },
  rest: ({ leaving }) => ({ carried: leaving.rest() }),
  'move-canaries': async ({ gateway, carrier, handoverSender }, { share, carry }) => {
    if (carry) carrier.open(carry.directory)
    const ids = gateway.canaries(share, carry !== undefined)
    return { outcomes: await handoverSender.moveSome(ids, carry && carrier) }
  },
  'try-with-own': (parts, { directory, workers }) => tryWorkers(parts, directory, workers),
  certificates: ({ gateway }, { shared }) => {
    gateway.setCertificates(shared)
    return {}
  },
  'plan-upgrade': ({ gateway }, { carry }) => ({ kinds: gateway.plan(carry) }),
  'halt-moves': async ({ handoverSender }) => {
    await handoverSender.halt()
    return {}
  },
}

async function drainConnections(
  parts: WorkerParts,
  scope?: DrainScope,
  id?: number,
): Promise<Requests['drain']['answer']> {
  const { gateway, leaving, events } = parts
  const { closed, moved, cut } = await (scope ? gateway.drain(scope, id) : leaving.drainAll(id))
  events.send()
  // It may be told to end as soon as it has answered: then nobody else can say how the last ones ended.
  leaving.onSocketsTold()
  return { closed, moved, cut, report: parts.report() }
}

async function tryWorkers(
  { gateway, carrier, handoverSender, clock }: WorkerParts,
  directory: string,
  workers: readonly number[],
): Promise<Requests['try-with-own']['answer']> {
  carrier.open(directory)
  for (const to of workers) {
    const fault = await tryWithOwnConnection(to, {
      gateway,
      pair: () => carrier.pair(),
      move: (packed, to) => handoverSender.moveOwn(packed, to),
      clock,
    })
    if (fault) return { fault }
  }
  return {}
}

/** Does what is asked and says the answer, or why there is none. `parts` throws while there are none. */
export async function answerRequest(
  parts: () => WorkerParts,
  ask: Request,
  handle: unknown,
  post: (message: FromWorker) => void,
): Promise<void> {
  const { request } = ask
  try {
    const handler = handlers[ask.type] as (
      parts: WorkerParts,
      ask: Request,
      handle: unknown,
    ) => Answer<RequestType>
    const answer = handler(parts(), ask, handle)
    // Not awaited in vain: what this worker says after it has made a report is not in that report, and must follow it.
    post({ type: 'answer', request, value: answer instanceof Promise ? await answer : answer })
  } catch (error) {
    post({ type: 'refusal', request, message: errorMessage(error) })
  }
}
