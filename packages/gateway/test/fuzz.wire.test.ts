// Whatever strangers write, to whichever listener, in whatever order of events: no process ends, nothing is logged as a
// fault, and a bystander goes on. HOLDFAST_FUZZ_RUNS=2000 for longer, with another seed each time.
import net from 'node:net'
import tls from 'node:tls'
import {
  type Holdfast,
  isAlive,
  startHoldfast,
  startUpstream,
  tcpServer,
  type WsClient,
  wsClient,
} from '@holdfast/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type HostileCase, hostileCase, type Step, upstreamAnswers } from './arbitrary-hostile.ts'
import { certificateFiles } from './certificate-files.ts'
import { cert, key } from './listener-host.ts'

const numRuns = Number(process.env.HOLDFAST_FUZZ_RUNS ?? 60)
const seed = process.env.HOLDFAST_FUZZ_RUNS ? undefined : 11
/** Connections at the same time. */
const atOnce = 16

interface Target extends AsyncDisposable {
  holdfast: Holdfast
  attack(one: HostileCase): Promise<void>
  /** Fails when a process is another, a fault was logged, or the bystander has no echo. */
  isUnharmed(): Promise<void>
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function start(): Promise<Target> {
  const started: (Partial<AsyncDisposable> & Partial<Disposable>)[] = []
  const use = <T extends AsyncDisposable | Disposable>(one: T): T => {
    started.unshift(one)
    return one
  }
  const echo = use(await startUpstream())
  const odd = use(await tcpServer(answerOddly))
  const files = use(certificateFiles({ cert, key }))
  const upstreams = [`ws://127.0.0.1:${odd.port}`]
  const quick = { timeouts: { connect: '500ms', handshake: '500ms', close: '200ms' }, attempts: 1 }
  const holdfast = use(
    await startHoldfast({
      config: {
        workers: 1,
        listen: [
          { address: '127.0.0.1:0' },
          { address: '127.0.0.1:0', proxyProtocol: true },
          { address: '127.0.0.1:0', tls: files.paths },
        ],
        routes: [
          { name: 'echo', match: { path: '/echo*' }, upstreams: [echo.url] },
          {
            name: 'held',
            match: { path: '/held*' },
            upstreams,
            ...quick,
            hold: { for: '300ms', state: 'none' },
          },
          { name: 'odd', upstreams, ...quick },
        ],
      },
    }),
  )
  const ports = {
    plain: portOf(holdfast.urls[0]!),
    proxy: portOf(holdfast.urls[1]!),
    tls: portOf(holdfast.urls[2]!),
  }
  const admin = portOf(holdfast.admin!)
  const bystander = use(wsClient(`${holdfast.url}/echo`))
  await bystander.opened
  const workers = holdfast.workers()
  return {
    holdfast,
    attack: (one) => attack(one, { ...ports, admin }),
    async isUnharmed() {
      await echoes(bystander)
      expect(isAlive(holdfast.pid)).toBe(true)
      expect(holdfast.workers()).toEqual(workers)
      expect(holdfast.log.filter(({ level }) => level >= 50 || level === 0)).toEqual([])
    },
    async [Symbol.asyncDispose]() {
      for (const one of started) await (one[Symbol.asyncDispose] ?? one[Symbol.dispose])?.call(one)
    },
  }
}

const portOf = (url: string) => Number(new URL(url).port)

let said = 0
async function echoes(bystander: WsClient): Promise<void> {
  const text = `still here ${said++}`
  bystander.send(text)
  expect(await bystander.message()).toBe(text)
}

/** Answers each request by the number in its target, and then ends, or keeps still. */
function answerOddly(socket: net.Socket): void {
  socket.on('data', (bytes) => {
    const number = Number(/\/answer\/(\d+)/.exec(bytes.toString('latin1'))?.[1] ?? 0)
    const answer = upstreamAnswers[number % upstreamAnswers.length]!
    if (number % 3 === 0) socket.end(answer, 'latin1')
    else socket.write(answer, 'latin1')
  })
}

async function attack(
  { way, bytes, steps, last }: HostileCase,
  ports: Record<string, number>,
): Promise<void> {
  const secure = way.startsWith('tls-')
  const port = ports[secure ? 'tls' : way]!
  const alpn = { 'tls-h1': ['http/1.1'], 'tls-h2': ['h2'] }[way as string]
  const at = { host: '127.0.0.1', port, allowHalfOpen: true }
  const socket = secure
    ? tls.connect({ ...at, rejectUnauthorized: false, ALPNProtocols: alpn })
    : net.connect(at)
  socket.on('error', () => {}).resume()
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await Promise.race([
    closed,
    new Promise((resolve) => socket.once(secure ? 'secureConnect' : 'connect', resolve)),
  ])
  // Under TLS Node can only end it; what was not read yet makes a RST of that, too.
  const reset = () => (secure ? socket.destroy() : socket.resetAndDestroy())
  const act = async (step: Step) => {
    if (step === 'turn') await turn()
    else if (step === 'end') socket.end()
    else if (step === 'reset') reset()
    else socket[step]()
  }
  let from = 0
  for (const { at, step } of [...steps].sort((a, b) => a.at - b.at)) {
    const to = Math.round(at * bytes.length)
    if (socket.writable && to > from) socket.write(bytes.subarray(from, to))
    from = to
    await act(step)
  }
  if (socket.writable && from < bytes.length) socket.write(bytes.subarray(from))
  await turn()
  await turn()
  if (last === 'reset') reset()
  else if (last === 'end') socket.end()
  // Its answers may take longer than its timeLimit; what they meet is part of the case. A socket that was reset while it
  // ended says nothing of its end.
  let timeLimit: NodeJS.Timeout | undefined
  const impatient = new Promise((resolve) => {
    timeLimit = setTimeout(resolve, 30)
  })
  await Promise.race([closed, impatient])
  socket.destroy()
  clearTimeout(timeLimit)
}

test('requests, headers, handshakes and frames of any kind, cut anywhere, harm nobody else', async () => {
  await using target = await start()
  await fc.assert(
    fc.asyncProperty(fc.array(hostileCase, { minLength: atOnce, maxLength: atOnce }), async (cases) => {
      await Promise.all(cases.map((one) => target.attack(one)))
      await target.isUnharmed()
    }),
    { numRuns, seed, endOnFailure: true },
  )
}, 3_600_000)

test('a handshake and a message, ended or reset at every byte, harm nobody else', async () => {
  await using target = await start()
  const head =
    'GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
  const bytes = Buffer.concat([Buffer.from(head), Buffer.from('818500000000', 'hex'), Buffer.from('hello')])
  const way = 'plain' as const
  const cases = Array.from({ length: bytes.length + 1 }, (_, to) =>
    (['end', 'reset'] as const).map(
      (step): HostileCase => ({
        way,
        bytes,
        steps: [{ at: to / bytes.length, step }],
        last: 'leave',
      }),
    ),
  ).flat()
  for (let from = 0; from < cases.length; from += atOnce) {
    await Promise.all(cases.slice(from, from + atOnce).map((one) => target.attack(one)))
    await target.isUnharmed()
  }
})
