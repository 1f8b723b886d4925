import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Child, fakeClock, faultUpstream, startUpstream } from '@holdfast/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ReconnectingWebSocket } from '../src/index.ts'
import { bundle } from './bundle.ts'
import { scripted } from './scripted-connection.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-lifetime-'))
const ws = fileURLToPath(import.meta.resolve('ws'))

beforeAll(async () => {
  writeFileSync(
    join(folder, 'client.mjs'),
    await bundle({ entry: '../src/index.ts', format: 'esm', platform: 'node' }),
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Runs a program that has `url`, `options` and the class; its only line and its end. */
async function run(body: string, url: string, args: string[] = []) {
  const program = join(folder, 'program.mjs')
  writeFileSync(
    program,
    `import { WebSocket } from ${JSON.stringify(pathToFileURL(ws).href)}
import { ReconnectingWebSocket } from './client.mjs'
const url = ${JSON.stringify(url)}
const options = { WebSocket }
${body}`,
  )
  await using child = new Child(process.execPath, [...args, program])
  const exit = await child.exited
  return { exit, said: child.stdout, errors: child.stderr }
}

describe('a process', () => {
  for (const [what, body] of [
    ['CONNECTING', 'socket.close()'],
    ['OPEN', 'socket.onopen = () => socket.close()'],
    ['closed by the server for good', 'socket.onopen = () => socket.send("end")'],
    [
      'waiting for its return',
      'socket.onopen = () => socket.send("restart"); socket.onclose = () => socket.close()',
    ],
  ] as const) {
    it(`ends by itself after the close of a socket that was ${what}`, async () => {
      await using server = await startUpstream({ echo: false })
      // A server sees nothing of a socket that is closed while it is CONNECTING.
      const served = server.connection().then((connection) => {
        connection.socket.on('message', (data) => {
          if (String(data) === 'end') connection.close(1000)
          else connection.close(1012, 'retry=3600000')
        })
      })
      served.catch(() => {})
      const { exit, errors } = await run(
        `const socket = new ReconnectingWebSocket(url, [], options)\n${body}`,
        server.url,
      )
      expect(errors).toEqual([])
      expect(exit).toEqual({ code: 0, signal: null })
    })
  }

  it('ends by itself when a socket is closed whose server never answered', async () => {
    await using server = await faultUpstream('no answer')
    const { exit, errors } = await run(
      `const socket = new ReconnectingWebSocket(url, [], { ...options, connectTimeout: 50, maxRetries: 0 })
socket.onclose = ({ code, retryIn }) => console.log(code, retryIn)`,
      server.url,
    )
    expect(errors).toEqual([])
    expect(exit.code).toBe(0)
  })

  it('gets the memory of a closed socket back, though its signal and the page live on', async () => {
    await using server = await startUpstream()
    const { said, errors } = await run(
      `const { signal } = new AbortController()
globalThis.addEventListener = globalThis.removeEventListener = () => {}
let socket = new ReconnectingWebSocket(url, [], { ...options, signal })
const kept = new WeakRef(socket)
socket.onclose = () => {
  socket = undefined
  setTimeout(() => { gc(); setTimeout(() => { gc(); console.log(kept.deref() === undefined, signal.aborted) }) })
}
socket.onopen = () => socket.close()`,
      server.url,
      ['--expose-gc'],
    )
    expect(errors).toEqual([])
    expect(said).toEqual(['true false'])
  })
})

describe('close()', () => {
  it('leaves no timer, whatever the state was', async () => {
    const states: ((one: ReturnType<typeof scripted>) => void)[] = [
      () => {},
      ({ last }) => last().open(),
      ({ last }) => last().end(1012),
      ({ last }) => {
        last().open()
        last().end(1012)
      },
      ({ last }) => last().onerror?.({ type: 'error' }),
    ]
    for (const reach of states) {
      const clock = fakeClock()
      const connections = scripted()
      const heartbeat = { message: 'ping' }
      const socket = new ReconnectingWebSocket('ws://x/', [], {
        WebSocket: connections.Class,
        clock,
        heartbeat,
      })
      reach(connections)
      socket.close()
      connections.last().end(1000)
      await clock.advance(0)
      expect(socket.readyState).toBe(3)
      expect(clock.pending).toBe(0)
      const { onopen, onmessage, onclose } = connections.last()
      expect([onopen, onmessage, onclose]).toEqual([null, null, null])
    }
  })
})
