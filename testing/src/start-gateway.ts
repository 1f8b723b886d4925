import { fileURLToPath } from 'node:url'
import type {
  ConnectionInfo,
  GatewayDeps,
  GatewayEvent,
  GatewayOptions,
  GatewaySnapshot,
} from '@holdfast/gateway'
import { Changes } from './changes.ts'
import { Child } from './child.ts'
import { awaitedLater, waitLimitMs } from './eventually.ts'
import { gatewayInProcess } from './gateway-in-process.ts'
import { type GatewayInit, gatewayOptions } from './gateway-options.ts'
import { type LogLine, parseLogLine } from './log-line.ts'
import { runtime } from './runtime.ts'

/** A gateway that a test started: in this process, or in one of the runtime under test. */
export interface TestGateway extends AsyncDisposable {
  /** The first listener: ws://127.0.0.1:PORT, or wss. */
  readonly url: string
  readonly urls: string[]
  /** The options it was started with. */
  readonly options: GatewayOptions
  readonly log: LogLine[]
  /** What it emitted so far. */
  readonly events: GatewayEvent[]
  /** Told of every line of the log and every event. */
  readonly changes: Changes
  /** Replaces the configuration; the listeners stay as they are. */
  reload(init: GatewayInit): Promise<{ drained: number }>
  drain(scope?: { route?: string; upstream?: string }): Promise<{ closed: number; cut: number }>
  /** Whether it was drained. */
  undrain(scope: { route?: string; upstream?: string }): Promise<boolean>
  snapshot(): Promise<GatewaySnapshot>
  connections(filter?: { route?: string; state?: string; limit?: number }): Promise<ConnectionInfo[]>
  closeConnection(id: string, code: number, reason: string): Promise<boolean>
  waitForEvent(what: string, find: (event: GatewayEvent) => boolean, limit?: number): Promise<GatewayEvent>
}

/** Calls a method of a Gateway, wherever it is. */
type Call = (method: string, ...args: unknown[]) => Promise<unknown>

interface Started extends AsyncDisposable {
  ports: number[]
  call: Call
}

interface Records {
  log: LogLine[]
  events: GatewayEvent[]
  changes: Changes
}

/**
 * Starts a gateway with one route, `startGateway({ upstreams: [url] })`, or with `routes`.
 * `deps` (a clock, a random source) work in this process only, so not in wire tests.
 */
export async function startGateway(init: GatewayInit, deps: Partial<GatewayDeps> = {}): Promise<TestGateway> {
  const options = gatewayOptions(init)
  const records: Records = { log: [], events: [], changes: new Changes() }
  const started = await (runtime().foreign ? startOutside : startInside)(options, records, deps)
  const call: Call = (...args) => awaitedLater(started.call(...args))
  const urls = options.listen.map(({ tls, host }, n) => `${tls ? 'wss' : 'ws'}://${host}:${started.ports[n]}`)
  return {
    ...records,
    options,
    urls,
    url: urls[0]!,
    reload: (next) => call('reload', { ...gatewayOptions(next), listen: options.listen }) as never,
    drain: (scope = {}) => call('drain', scope) as never,
    undrain: (scope) => call('undrain', scope) as never,
    snapshot: () => call('snapshot') as never,
    connections: (filter = {}) => call('connections', { limit: 1_000, ...filter }) as never,
    closeConnection: (...args) => call('closeConnection', ...args) as never,
    waitForEvent(what, find, limit) {
      const { events, changes } = records
      return changes.until(`event: ${what}`, () => events.find(find), {
        limit,
        detail: () => events.slice(-5),
      })
    },
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  }
}

async function startInside(
  options: GatewayOptions,
  records: Records,
  deps: Partial<GatewayDeps>,
): Promise<Started> {
  const running = await gatewayInProcess(options, deps, (line) => {
    records.log.push(parseLogLine(line))
    records.changes.notify()
  })
  running.gateway.on((event) => {
    records.events.push(event)
    records.changes.notify()
  })
  const methods = running.gateway as unknown as Record<string, (...args: unknown[]) => unknown>
  return {
    ports: running.ports,
    call: async (method, ...args) => methods[method]!(...args),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

const host = fileURLToPath(new URL('../dist/gateway-host.js', import.meta.url))

type Said = { ports?: number[]; event?: GatewayEvent; id?: number; result?: unknown; error?: string }

async function startOutside(options: GatewayOptions, records: Records, deps: object): Promise<Started> {
  if (Object.keys(deps).length > 0)
    throw new Error('a gateway on another runtime takes no clock or random source')
  const child = new Child(runtime().path, [host])
  let calls = 0
  const answers: Said[] = []
  child.changes.subscribe(() => {
    for (const said of child.stdout.splice(0).map((line): Said => JSON.parse(line))) {
      if (said.event) records.events.push(said.event)
      else answers.push(said)
    }
    for (const line of child.stderr.splice(0)) records.log.push(parseLogLine(line))
    records.changes.notify()
  })
  const answer = (what: string, find: (said: Said) => boolean, limit: number) =>
    records.changes.until(what, () => answers.find(find), { limit, detail: () => child.describe() })
  child.say(JSON.stringify(options))
  try {
    const { ports = [] } = await answer(
      'ports of the gateway',
      (said) => said.ports !== undefined,
      waitLimitMs,
    )
    return {
      ports,
      async call(method, ...args) {
        const id = ++calls
        child.say(JSON.stringify({ id, method, args }))
        const { result, error } = await answer(`result of ${method}`, (said) => said.id === id, 60_000)
        if (error !== undefined) throw new Error(error)
        return result
      },
      [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
    }
  } catch (error) {
    await child[Symbol.asyncDispose]()
    throw error
  }
}
