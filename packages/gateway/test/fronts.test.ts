// The pool of processes that do TLS, with processes that say what the test says.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fakeClock, gatewayOptions } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import type { AcmeShared } from '../src/core/index.ts'
import { frontOnDisk } from '../src/process/front-on-disk.ts'
import { Fronts } from '../src/process/fronts.ts'
import type { FrontsDeps } from '../src/process/fronts-deps.ts'
import type { Channel } from '../src/worker/channel.ts'
import { type FromWorker, protocol, type ToWorker } from '../src/worker/worker-messages.ts'

/** A process that is ready at once, and answers all that it does not refuse. */
class Process implements Channel {
  readonly pid = 0
  readonly got: ToWorker[] = []
  readonly #refuses: (type: string) => boolean
  #say: (message: FromWorker) => void = () => {}

  constructor(refuses: (type: string) => boolean) {
    this.#refuses = refuses
  }

  send(message: ToWorker) {
    this.got.push(message)
    queueMicrotask(() => {
      if (message.type === 'configure') {
        this.#say({ type: 'ready', protocol, version: '1.0.0', node: 'v1', front: 1 } as FromWorker)
      } else if ('request' in message) {
        const { request } = message
        const answer = this.#refuses(message.type)
          ? { type: 'refusal', request, message: 'no' }
          : { type: 'answer', request, value: { process: { carried: 0 } } }
        this.#say(answer as FromWorker)
      }
    })
  }
  onMessage(listener: (message: FromWorker) => void) {
    this.#say = listener
  }
  onExit() {}
  kill() {}
  release() {}
  /** Sockets that it was given. */
  get sockets() {
    return this.got.filter(({ type }) => type === 'socket').length
  }
}

function scene({ front = true, certificates = undefined as AcmeShared | undefined } = {}) {
  const clock = fakeClock()
  const started: Process[] = []
  const refusing = new Set<number>()
  const at = (front: boolean) => {
    const options = gatewayOptions({ upstreams: ['ws://127.0.0.1:1'] })
    return { ...options, listen: options.listen.map((listener) => ({ ...listener, front })) }
  }
  let options = at(front)
  const fronts = new Fronts({
    size: 2,
    start: () => {
      const number = started.length
      const one = new Process((type) => type === 'certificates' && refusing.has(number))
      started.push(one)
      return one
    },
    onDisk: async () => undefined,
    options: () => options,
    logging: { level: 'silent', pretty: false, colour: false },
    ticketKeys: () => '',
    certificates: () => certificates,
    onSecured: () => {},
    onReady: () => {},
    limits: () => ({ carry: 1000, carriers: 1, memory: 1 }),
    workers: () => ({}) as ReturnType<FrontsDeps['workers']>,
    drainWithinMs: () => 1000,
    log: pino({ level: 'silent' }),
    clock,
  })
  return {
    fronts,
    started,
    refusing,
    switchOn: () => {
      options = at(true)
    },
    [Symbol.dispose]: () => fronts.kill(),
  }
}

const states = ({ fronts }: ReturnType<typeof scene>) => fronts.infos.map(({ state }) => state)

test('fronts that a reload asks for take clients, also after another supervisor has failed to take over', async () => {
  using it = scene({ front: false })
  const { fronts, started } = it
  await fronts.start()
  expect(started).toEqual([])
  fronts.retire()
  await fronts.run()
  it.switchOn()
  await fronts.reload()
  fronts.balancer.assign('a', new net.Socket())
  expect(states(it)).toEqual(['ready', 'ready'])
  expect(started.map(({ sockets }) => sockets)).toEqual([1, 0])
})

test('one front that cannot go on does not keep the others from clients when no other supervisor takes over', async () => {
  using it = scene({ certificates: {} as AcmeShared })
  const { fronts, started, refusing } = it
  await fronts.start()
  fronts.retire()
  refusing.add(0)
  await fronts.run()
  fronts.balancer.assign('a', new net.Socket())
  expect(started.map(({ sockets }) => sockets)).toEqual([1, 0])
})

test('when one of the next fronts cannot be used none of them is, and those of before go on', async () => {
  using it = scene({ certificates: {} as AcmeShared })
  const { fronts, started, refusing } = it
  await fronts.start()
  refusing.add(2)
  await expect(fronts.replace(true)).rejects.toThrow('no')
  for (let i = 0; i < 4; i++) fronts.balancer.assign('a', new net.Socket())
  expect(started.map(({ sockets }) => sockets)).toEqual([2, 2, 0, 0])
  expect(states(it)).toEqual(['ready', 'ready', 'leaving', 'leaving'])
})

test('that the code on disk does not answer is not taken for a word about fronts', async () => {
  using it = scene()
  await it.fronts.start()
  expect(await it.fronts.preview(true)).toMatchObject({
    replaced: false,
    why: expect.stringContaining('does not answer'),
  })
})

test('code that fails when it is asked about fronts is not taken for code that knows none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'front-on-disk-'))
  const program = pathToFileURL(join(folder, 'front-main.js'))
  try {
    expect(await frontOnDisk(program)).toEqual({ node: process.version, front: undefined })
    mkdirSync(join(folder, 'worker'))
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    const says = (code: string) => {
      writeFileSync(join(folder, 'worker/front-revision.js'), code)
      return frontOnDisk(program)
    }
    expect(await says('export const frontRevision = 7')).toEqual({ node: process.version, front: 7 })
    expect(await says('a half of')).toBeUndefined()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
