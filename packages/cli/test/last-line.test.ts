// Faults that nobody caught: the last line of each process.
import { eventually, type Holdfast, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

/** A signal makes each process of this gateway throw where nobody catches it, as a timer of ours would. */
const throwing = "process.on('SIGWINCH', () => { throw new Error('thrown by the test') })"
const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(throwing)}` }

const fatal = ({ log }: Holdfast) => log.filter(({ level }) => level === 60)

test('a worker with a fault that no connection can be blamed for tells its clients 1012, and another has its place', async () => {
  await using upstream = await startUpstream()
  const drain = { spread: '100ms', deadline: '5s', retry: ['1s', '1s'] }
  const config = { drain, workers: 1, routes: [{ name: 'a', upstreams: [upstream.url] }] }
  await using holdfast = await startHoldfast({ config, env })
  const clients = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const client = wsClient(holdfast.url)
      await client.opened
      return client
    }),
  )
  const [worker] = holdfast.workers()
  process.kill(worker!, 'SIGWINCH')
  const closed = await Promise.all(clients.map((client) => client.closed))
  expect(new Set(closed.map(({ code }) => code))).toEqual(new Set([1012]))
  expect(fatal(holdfast)).toHaveLength(1)
  await eventually('the worker has ended', () => !holdfast.workers().includes(worker!))
  await using client = wsClient(holdfast.url)
  await client.opened
  client.send('served by another')
  expect(await client.message()).toBe('served by another')
  expect(holdfast.workers()).toHaveLength(1)
  for (const each of clients) await each[Symbol.asyncDispose]()
})

test('the supervisor goes on after a fault, with all connections', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'], env })
  await using client = wsClient(holdfast.url)
  await client.opened
  process.kill(holdfast.pid, 'SIGWINCH')
  await holdfast.waitForLog('the fault', ({ level }) => level === 60)
  client.send('still here')
  expect(await client.message()).toBe('still here')
  expect(await holdfast.api('/readyz')).toMatchObject({ status: 200 })
})
