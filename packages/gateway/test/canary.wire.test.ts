// A bad version, as real copies of the build with a fault put in: it gets a few connections first, and is undone.
import { certificate, eventually, runHoldfast } from '@holdfast/testing'
import { expect } from 'vitest'
import { installation } from './installation.ts'
import { Crowd, numberedUpstream } from './numbered-traffic.ts'
import { drain, onNode, serve, state } from './upgrading.ts'

const { certFile: cert, keyFile: key } = certificate()

/** Code with which the last byte of some writes to sockets is lost: of those of a `length` for which `when` is true. */
const cutting = (before: string, when: string) => `${before}
const cut = (bytes) => {
  const { length } = bytes
  return ${when} ? bytes.subarray(0, -1) : bytes
}
for (const { prototype } of [process.binding('tcp_wrap').TCP, process.binding('pipe_wrap').Pipe]) {
  const { writeBuffer, writev } = prototype
  prototype.writeBuffer = function (request, bytes) {
    return writeBuffer.call(this, request, cut(bytes))
  }
  prototype.writev = function (request, pieces, all) {
    return writev.call(this, request, all ? pieces.map(cut) : pieces, all)
  }
}
`

/** What the code of the new workers begins with, what the command then says, and how many canaries that may cost. */
const faults: [name: string, code: string, says: RegExp, mayCost: number][] = [
  ['crashes at the start', "throw new Error('a bad build')\n", /could not start/, 0],
  [
    'crashes at the first connection',
    "process.on('message', ({ type }) => type === 'adopt' && process.exit(3))\n",
    /failed its trial: a new worker has ended/,
    0,
  ],
  [
    'crashes after two seconds',
    "process.on('message', ({ type }) => type === 'adopt' && setTimeout(() => process.exit(3), 2000))\n",
    /failed its trial: a new worker has ended/,
    6,
  ],
  [
    'refuses all',
    `process.on('message', (message) => {
  if (message.type === 'adopt') message.record = '{"version":0}'
})
`,
    /failed its trial: a new worker refused a connection/,
    0,
  ],
  [
    'has a fault that it tells of',
    "process.on('message', ({ type }) => type === 'adopt' && setTimeout(() => { throw new Error('a bug') }, 500))\n",
    /failed its trial: a new worker ha[sd] /,
    6,
  ],
  [
    'loses a byte',
    cutting('let writes = 0', 'length > 4 && ++writes % 5 === 0'),
    /failed its trial: (a connection|\\d+ of \\d+ connections) that it had ended|bytes of the gateway's own connection/,
    6,
  ],
  [
    'loses a byte of what no client says today',
    cutting('', 'length > 10_000'),
    /failed its trial: bytes of the gateway's own connection were lost or changed from /,
    0,
  ],
]

onNode.each(faults)(
  'a version that %s is undone: whoever was no canary notices nothing, and the command says why',
  async (_, code, says, mayCost) => {
    await using upstream = await numberedUpstream()
    using installed = installation('1.0.0')
    const listen = ['127.0.0.1:0', { address: '127.0.0.1:0', tls: { cert, key } }]
    const config = {
      listen,
      drain,
      upgrade: { canary: '1%', settle: '200ms' },
    }
    await using holdfast = await serve(upstream.url, { main: installed.main, config })
    using crowd = new Crowd()
    for (const url of holdfast.urls) await crowd.join(url, 30)
    const workers = holdfast.workers()
    installed.install('2.0.0', code)
    const { code: status, stderr } = await runHoldfast(['upgrade', '--admin', holdfast.admin!])
    expect(stderr).toMatch(says)
    expect(status).toBe(1)
    const now = await eventually('the old workers alone', async () => {
      const now = await state(holdfast)
      return now.workers.length === 2 && now
    })
    expect(now).toMatchObject({ upgrade: { phase: 'failed' }, workerRestarts: 0 })
    expect(now.workers.map(({ pid }) => pid)).toEqual(workers)
    expect(now.workers.map(({ state, version }) => `${state} ${version}`)).toEqual([
      'ready 1.0.0',
      'ready 1.0.0',
    ])
    const ended = crowd.clients.filter(({ ending }) => ending).length
    expect(ended).toBeLessThanOrEqual(mayCost)
    await crowd.join(holdfast.url, 1)
    await crowd.settle()
    if (mayCost === 0) expect([...crowd.faults, ...upstream.faults]).toEqual([])
    else expect(crowd.clients.filter(({ ending }) => ending).length).toBe(ended)
    // What is put right goes through, over connections that came back as well.
    installed.install('3.0.0')
    const again = await runHoldfast(['upgrade', '--admin', holdfast.admin!])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringContaining('version 3.0.0') })
    expect(crowd.clients.filter(({ ending }) => ending).length).toBe(ended)
  },
)

onNode('without a connection it is tried with one of the gateway itself, which counts nowhere', async () => {
  await using upstream = await numberedUpstream()
  using installed = installation('1.0.0')
  const config = { drain, upgrade: { canary: '1%', settle: '100ms' } }
  await using holdfast = await serve(upstream.url, { main: installed.main, config })
  const upgrade = () => runHoldfast(['upgrade', '--admin', holdfast.admin!])
  installed.install('2.0.0', "process.on('message', ({ type }) => type === 'adopt' && process.exit(3))\n")
  expect(await upgrade()).toMatchObject({ code: 1, stderr: expect.stringMatching(/a new worker has ended/) })
  installed.install('3.0.0')
  expect(await upgrade()).toMatchObject({ code: 0, stdout: expect.stringContaining('version 3.0.0') })
  const { routes, carriers, upgrade: done } = await state(holdfast)
  expect(done).toMatchObject({ phase: 'done', total: 0, moved: 0, ended: 0, lost: 0 })
  expect(carriers).toEqual([])
  expect(routes.map(({ name }) => name)).toEqual(['all'])
  const [{ connections, counters }] = routes as [(typeof routes)[0]]
  expect(connections).toEqual({ open: 0, held: 0, closing: 0 })
  expect({ closes: counters.closes, ...counters.bytes }).toEqual({
    closes: {},
    'to-upstream': 0,
    'to-client': 0,
  })
  const { body } = await holdfast.api('/metrics')
  expect(body).not.toMatch(/^holdfast_handover_connections_total\{.*\} [1-9]/m)
  expect(upstream.connections).toEqual([])
})
