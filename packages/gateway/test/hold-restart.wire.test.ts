// Planned restarts of the backends under traffic on a route with `hold`. Every message carries a number, and both ends
// check what they get. HOLDFAST_FULL=1 runs the full size and shows its figures.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Child, closedPort, startGateway, type TestGateway, type WsClient, wsClient } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

const peer = (file: string) => fileURLToPath(new URL(`./peers/${file}`, import.meta.url))
const full = process.env.HOLDFAST_FULL === '1'
const shows = full || process.env.HOLDFAST_FIGURES !== undefined
const hold = {
  for: 30_000,
  on: [1012, 'lost' as const],
  buffer: 256 * 1024,
  state: 'none' as const,
  replay: { by: 'none' as const },
}
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
/** Debian's Uvicorn and python-websockets; a Python that lacks them may stand before it on the path. */
const hasUvicorn = spawnSync(python, ['-c', 'import uvicorn, websockets']).status === 0
/** Milliseconds of a clock that all processes of this machine share. */
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000

describe('backends with @holdfast/restart', () => {
  const size = full ? { clients: 1_000, spread: 5_000 } : { clients: 100, spread: 500 }
  const every = 100
  const away = 2_000

  interface Delays {
    short: number
    long: [sentAt: number, ms: number][]
  }
  interface Gone {
    session: string
    epoch: number
    first: number
    last: number
    faults: number
  }
  interface Said {
    port?: number
    at?: number
    refusing?: number
    gone?: Gone
    delays?: Delays
    unanswered?: number
  }

  /** A backend that can be restarted on its port. */
  class Backend implements AsyncDisposable {
    readonly said: Said[] = []
    port = 0
    #child: Child | undefined

    /** Resolves with the time at which it listened. */
    async start(): Promise<number> {
      const options = {
        port: this.port,
        every,
        restart: { spread: size.spread, deadline: '30s', pongTimeout: '10s' },
      }
      this.#child = new Child(process.execPath, [peer('hold-backend.mjs'), JSON.stringify(options)])
      const said = await this.#child.line('its port', (line) => {
        const said: Said = JSON.parse(line)
        return said.port === undefined ? undefined : said
      })
      this.port = said.port!
      return said.at!
    }

    /** Resolves when the process is gone, with the time from which it took no more connections. */
    async stop(): Promise<number> {
      const child = this.#child!
      child.signal('SIGTERM')
      expect(await child.exited).toMatchObject({ code: 0 })
      const said = child.stdout.map((line): Said => JSON.parse(line))
      this.said.push(...said)
      return said.find(({ refusing }) => refusing !== undefined)!.refusing!
    }

    async [Symbol.asyncDispose]() {
      await this.#child?.[Symbol.asyncDispose]()
    }
  }

  /** Compares what the clients sent with what the backends read, in the order of the epochs. */
  function judge(sent: Record<string, number>, gone: Gone[]) {
    const result = { lost: 0, doubledOrReordered: 0 }
    for (const [session, count] of Object.entries(sent)) {
      const epochs = gone.filter((one) => one.session === session).sort((a, b) => a.epoch - b.epoch)
      let last = 0
      for (const one of epochs) {
        result.doubledOrReordered += one.faults
        if (one.first === 0) continue
        if (one.first <= last) result.doubledOrReordered++
        else result.lost += one.first - last - 1
        last = one.last
      }
      result.lost += count - last
    }
    return result
  }

  function quantiles({ short, long }: Delays) {
    const sorted = long.map(([, ms]) => ms).sort((a, b) => a - b)
    const at = (share: number) => {
      const index = Math.ceil(share * (short + sorted.length)) - 1 - short
      return index < 0 ? 0 : sorted[index]!
    }
    return { count: short + long.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) }
  }

  interface Report {
    seen: Record<'lost' | 'doubled' | 'reordered' | 'epochs' | 'received', number> & { disconnects: number[] }
    delays: Delays
    sent: Record<string, number>
  }

  /** Restarts all of them: one after another, and then all at once. Resolves with the times of the latter. */
  async function restartAll(backends: Backend[]) {
    const pause = () => new Promise((resolve) => setTimeout(resolve, away))
    for (const backend of backends) {
      await backend.stop()
      await pause()
      await backend.start()
    }
    const began = now()
    const restarted = await Promise.all(
      backends.map(async (backend) => {
        const refusing = await backend.stop()
        await pause()
        return { refusing, back: await backend.start() }
      }),
    )
    const down = Math.max(...restarted.map(({ refusing }) => refusing))
    return { began, down, up: Math.min(...restarted.map(({ back }) => back)) }
  }

  async function run() {
    await using first = new Backend()
    await using second = new Backend()
    await using third = new Backend()
    const backends = [first, second, third]
    await Promise.all(backends.map((backend) => backend.start()))
    const upstreams = backends.map(({ port }) => `ws://127.0.0.1:${port}`)
    await using gateway = await startGateway({ upstreams, hold })
    const options = { url: gateway.url, clients: size.clients, every }
    await using clients = new Child(process.execPath, [peer('hold-clients.mjs'), JSON.stringify(options)])
    await clients.line('all clients open', (line) => line.includes('open') || undefined, 60_000)

    const times = await restartAll(backends)
    await nobodyHeld(gateway)
    // Undisturbed traffic, in which what is late would come.
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    clients.say('stop')
    const isReport = (line: string) => (line.includes('"seen"') ? (JSON.parse(line) as Report) : undefined)
    const report = await clients.line('the report', isReport, 60_000)
    await Promise.all(backends.map((backend) => backend.stop()))
    const said = backends.flatMap((backend) => backend.said)
    const { counters } = (await gateway.snapshot()).routes[0]!
    return { times, report, said, counters }
  }

  function figuresOf({
    times: { began, down, up },
    report,
    said,
    counters,
  }: Awaited<ReturnType<typeof run>>) {
    const gone = said.flatMap(({ gone }) => gone ?? [])
    const delays = said
      .flatMap(({ delays }) => delays ?? [])
      .reduce((a, b) => ({ short: a.short + b.short, long: [...a.long, ...b.long] }))
    const beyondTheGap = delays.long
      .filter(([at]) => at >= down)
      .map(([at, ms]): [number, number] => [at, Math.max(0, at + ms - Math.max(at, up))])
    return {
      clients: Object.keys(report.sent).length,
      disconnects: report.seen.disconnects,
      toUpstream: judge(report.sent, gone),
      toClient: report.seen,
      closes: counters.closes,
      holds: counters.reattachments,
      /** How many had another upstream within that many seconds. */
      holdSeconds: counters.reattachSeconds,
      countedLost: counters.lost,
      unansweredDrainPings: said.reduce((sum, { unanswered = 0 }) => sum + unanswered, 0),
      noBackendFor: Math.round(up - down),
      delayToUpstream: quantiles(delays),
      /** Only those over 20 ms, sent while one backend after another was restarted. */
      longDelaysOneByOne: quantiles({ short: 0, long: delays.long.filter(([at]) => at < began) }),
      /** Of messages sent since no backend was there: from the first one's return on. */
      delayBeyondTheGap: quantiles({ short: 0, long: beyondTheGap }),
      delayToClient: quantiles(report.delays),
    }
  }

  test(
    `restarted one after another and then all at once, lose nothing of ${size.clients} clients`,
    async () => {
      const figures = figuresOf(await run())
      if (shows) console.log(JSON.stringify(figures, null, 2))
      expect(figures).toMatchObject({
        clients: size.clients,
        disconnects: [],
        toUpstream: { lost: 0, doubledOrReordered: 0 },
        toClient: { lost: 0, doubled: 0, reordered: 0 },
        countedLost: { 'to-upstream': 0, 'to-client': 0 },
      })
      // Each backend had its share of the clients, and then all of them lost theirs.
      expect(figures.holds).toEqual({ attached: expect.any(Number) })
      expect(figures.holds.attached).toBeGreaterThanOrEqual(size.clients * 1.5)
      expect(figures.toClient.epochs).toBe(size.clients + figures.holds.attached!)
      // The small size is short, so that few messages fall outside the gap, and runs on shared machines: it says nothing of time.
      if (full) expect(figures.delayToUpstream.p99).toBeLessThan(figures.noBackendFor + 100)
    },
    full ? 240_000 : 60_000,
  )
})

describe('backends that know nothing of the gateway', () => {
  const clients = 20
  const restarts = 3

  interface Server {
    start: (port: number) => Child
    ready: (line: string) => boolean
  }
  const uvicorn = (env: Record<string, string> = {}): Server => ({
    start: (port) =>
      new Child(
        python,
        ['-m', 'uvicorn', '--app-dir', peer('.'), '--port', String(port), '--no-access-log', 'hold-asgi:app'],
        env,
      ),
    ready: (line) => line.includes('Uvicorn running'),
  })
  const ws: Server = {
    start: (port) => new Child(process.execPath, [peer('hold-ws.mjs'), String(port)]),
    ready: (line) => line.includes('port'),
  }

  /** A server that can be restarted on its port. */
  class Running implements AsyncDisposable {
    readonly port: number
    readonly #server: Server
    #child: Child | undefined

    constructor(server: Server, port: number) {
      this.#server = server
      this.port = port
    }

    async start() {
      const child = this.#server.start(this.port)
      this.#child = child
      const isReady = () => {
        if (child.exit) throw new Error(`the server ended: ${child.describe()}`)
        return [...child.stdout, ...child.stderr].some(this.#server.ready)
      }
      await child.changes.until('the server', isReady, { detail: () => child.describe() })
    }

    /** Resolves when the process is gone, with the requests on which it acted. */
    async stop(): Promise<string[]> {
      const child = this.#child!
      child.signal('SIGTERM')
      await child.exited
      const last = child.stdout.find((line) => line.includes('acted'))
      if (!last) throw new Error(`the server did not end in order: ${child.describe()}`)
      return JSON.parse(last).acted
    }

    async [Symbol.asyncDispose]() {
      await this.#child?.[Symbol.asyncDispose]()
    }
  }

  /** Asks and asks, with a number each time, until it is stopped. */
  class Asker {
    readonly client: WsClient
    readonly answers: string[] = []
    asked = 0
    #timer: NodeJS.Timeout | undefined

    constructor(gateway: TestGateway) {
      this.client = wsClient(gateway.url)
      this.client.socket.on('message', (data) => this.answers.push(String(data)))
    }

    begin(name: number) {
      this.#timer = setInterval(() => {
        this.client.send(`${name}:${++this.asked}`)
      }, 20)
    }

    stop() {
      clearInterval(this.#timer)
    }
  }

  async function restartUnderTraffic(server: Server) {
    await using running = new Running(server, await closedPort())
    await running.start()
    await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${running.port}`], hold })
    const askers = Array.from({ length: clients }, () => new Asker(gateway))
    await Promise.all(askers.map(({ client }) => client.opened))
    for (const [name, asker] of askers.entries()) asker.begin(name)
    const acted: string[] = []
    for (let i = 0; i < restarts; i++) {
      const enough = () => askers.every(({ answers }) => answers.length >= 50 * (i + 1))
      await expect.poll(enough, { interval: 10 }).toBe(true)
      acted.push(...(await running.stop()))
      await running.start()
      await nobodyHeld(gateway)
    }
    for (const asker of askers) asker.stop()
    // One more each: when it is answered, so is everything before it that ever will be.
    for (const { client } of askers) client.send('last')
    await expect
      .poll(() => askers.every(({ answers }) => answers.at(-1) === 'last'), { interval: 10 })
      .toBe(true)
    const endings = askers.flatMap(({ client }) => client.ending ?? [])
    for (const { client } of askers) client.close(1000)
    await Promise.all(askers.map(({ client }) => client.closed))
    acted.push(...(await running.stop()))

    const answered = askers.flatMap(({ answers }) => answers.filter((answer) => answer !== 'last'))
    const inOrder = askers.every(({ answers }) => {
      const numbers = answers.slice(0, -1).map((answer) => Number(answer.split(':')[1]))
      return numbers.every((number, i) => i === 0 || number > numbers[i - 1]!)
    })
    const { counters } = (await gateway.snapshot()).routes[0]!
    const asked = askers.map(({ asked }) => asked).reduce((a, b) => a + b)
    return {
      endings,
      inOrder,
      asked,
      unanswered: asked - answered.length,
      notActedOn: asked - acted.filter((request) => request !== 'last').length,
      twice: acted.length - new Set(acted).size - (clients - 1),
      reattachments: counters.reattachments,
      lost: counters.lost,
    }
  }

  const kept = {
    endings: [],
    inOrder: true,
    twice: 0,
    reattachments: { attached: clients * restarts },
  }

  // The last messages before the end were not asked for yet: they count, read or not.
  test('a ws server that says 1012 loses no more than is counted, and no client', async () => {
    const result = await restartUnderTraffic(ws)
    if (shows) console.log(result)
    expect(result).toMatchObject(kept)
    expect(result.lost['to-client']).toBe(0)
    expect(result.lost['to-upstream']).toBeGreaterThanOrEqual(result.unanswered)
    expect(result.unanswered).toBeGreaterThan(0)
  })

  test.skipIf(!hasUvicorn).each([
    ['Uvicorn, which ends TCP', uvicorn()],
    ['Uvicorn with the 1012 of its later versions', uvicorn({ SAY_RESTART: '1' })],
  ])('%s, loses no more than is counted, and no client', async (_, server) => {
    const result = await restartUnderTraffic(server)
    if (shows) console.log(result)
    expect(result).toMatchObject(kept)
    // What it has read it acts on, also when it has thrown the answer away itself.
    expect(result.lost['to-client']).toBe(0)
    expect(result.lost['to-upstream']).toBeGreaterThanOrEqual(result.notActedOn)
    expect(result.notActedOn).toBeGreaterThan(0)
  })
})

async function nobodyHeld(gateway: TestGateway) {
  const connections = async () => (await gateway.snapshot()).routes[0]!.connections
  await expect.poll(connections, { interval: 20 }).toMatchObject({ held: 0 })
}
