// A bad version, as real copies of the build with a fault put in: it gets a few connections first, and is undone.
import { certificate, eventually, runHoldfast } from '@holdfast/testing'
import { expect } from 'vitest'
import { installation } from './installation.ts'
import { Crowd, numberedUpstream } from './numbered-traffic.ts'
import { drain, onNode, serve, state } from './upgrading.ts'

const { certFile: cert, keyFile: key } = certificate()

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
    `import net from 'node:net'
const { write } = net.Socket.prototype
let writes = 0
net.Socket.prototype.write = function (bytes, ...rest) {
  const cut = Buffer.isBuffer(bytes) && bytes.length > 4 && ++writes % 5 === 0
  return write.call(this, cut ? bytes.subarray(0, -1) : bytes, ...rest)
}
`,
    /failed its trial: (a connection|\\d+ of \\d+ connections) that it had ended/,
    6,
  ],
]

onNode.each(faults)(
  'a version that %s is undone: whoever was no canary notices nothing, and the command says why',
  async (_, code, says, mayCost) => {
    await using upstream = await numberedUpstream()
    using installed = installation('1.0.0')
    const listen = ['127.0.0.1:0', { address: '127.0.0.1:0', tls: { cert, key } }]
    const config = { listen, drain: { ...drain, deadline: '20s' }, upgrade: { canary: '1%' } }
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
  90_000,
)
