// What a restart does to the process.
import { wsClient } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { Server } from './conformance.ts'

const keptAlive = { script: 'kept-alive.mjs' }

it('a process that something else keeps alive goes on, and the next signal has its usual effect', async () => {
  await using server = await Server.start(keptAlive, { spread: 0 })
  server.signal('SIGTERM')
  await server.report()
  expect(server.exit).toBeUndefined()
  server.signal('SIGTERM')
  expect(await server.exited).toEqual({ code: null, signal: 'SIGTERM' })
})

it('exit: true ends such a process with 0', async () => {
  await using server = await Server.start(keptAlive, { spread: 0, exit: true })
  server.signal('SIGTERM')
  expect(await server.report()).toMatchObject({ phase: 'done' })
  expect(await server.exited).toEqual({ code: 0, signal: null })
})

it('other signals begin it too; the second SIGINT ends the process with 130', async () => {
  const options = { spread: 0, signals: ['SIGUSR2', 'SIGINT'] satisfies NodeJS.Signals[] }
  await using server = await Server.start({ script: 'ws.mjs' }, { ...options, pongTimeout: '20s' })
  await using client = wsClient(server.url, { autoPong: false })
  await client.opened
  server.signal('SIGUSR2')
  await client.changes.until('the drain ping', () => client.pings.length > 0)
  server.signal('SIGINT')
  expect(await server.exited).toEqual({ code: 130, signal: null })
})
