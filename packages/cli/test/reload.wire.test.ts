// A reload is all or nothing, and answers, whatever its files and its workers do.
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import {
  gone,
  rawSocket,
  runHoldfast,
  runtime,
  startHoldfast,
  startUpstream,
  tcpServer,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

/** A worker of Bun is in the supervisor's process. */
const withWorkers = test.skipIf(runtime().name === 'bun')

async function freePort(): Promise<number> {
  const server = await tcpServer(() => {})
  await server[Symbol.asyncDispose]()
  return server.port
}

test('a reload whose file has become a named pipe is refused at once, and so is nothing after it', async () => {
  await using upstream = await startUpstream()
  const config = { workers: 1, routes: [{ name: 'all', upstreams: [upstream.url] }] }
  await using holdfast = await startHoldfast({ config })
  const file = holdfast.configFile!
  rmSync(file)
  execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', file])
  const { code, stderr } = await runHoldfast(['reload', '--admin', holdfast.admin!])
  expect(code).toBe(1)
  expect(stderr).toContain('is not a regular file')
  const refusals = () => holdfast.log.filter(({ msg }) => /not reloaded: .*regular file/.test(msg)).length
  await holdfast.waitForLog('the refusal of the command', () => refusals() === 1)
  holdfast.signal('SIGHUP')
  await holdfast.waitForLog('the refusal of the signal', () => refusals() === 2)
  rmSync(file)
  holdfast.writeConfig({
    ...config,
    routes: [...config.routes, { name: 'more', upstreams: [upstream.url], match: { path: '/x' } }],
  })
  expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({
    status: 200,
    body: { changes: ['route more added'] },
  })
})

withWorkers('a reload while a worker does not answer is refused, logged, and changes nothing', async () => {
  await using upstream = await startUpstream()
  const [first, second] = [await freePort(), await freePort()]
  const config = (listen: string[]) => ({
    listen,
    workers: 1,
    routes: [{ name: 'all', upstreams: [upstream.url] }],
  })
  await using holdfast = await startHoldfast({ config: config([`127.0.0.1:${first}`]) })
  const [worker] = holdfast.workers()
  holdfast.writeConfig(config([`127.0.0.1:${first}`, `127.0.0.1:${second}`]))
  process.kill(worker!, 'SIGSTOP')
  holdfast.signal('SIGHUP')
  const refused = ({ msg }: { msg: string }) =>
    /configuration not reloaded: worker 1 did not answer/.test(msg)
  await holdfast.waitForLog('the refusal', refused)
  process.kill(worker!, 'SIGCONT')
  await expect(rawSocket(`ws://127.0.0.1:${second}`)).rejects.toThrow(/ECONNREFUSED/)
  await using client = wsClient(`ws://127.0.0.1:${first}`)
  await client.opened
  expect((await holdfast.api('/api/state')).body).toMatchObject({ listen: [`ws://127.0.0.1:${first}`] })
  // The next one counts, with all of it.
  holdfast.signal('SIGHUP')
  await holdfast.waitForLog('the reload', ({ msg }) => msg === 'configuration reloaded')
  await using other = wsClient(`ws://127.0.0.1:${second}`)
  await other.opened
})

withWorkers('a worker that ends during a reload is replaced by one with the new configuration', async () => {
  await using upstream = await startUpstream()
  const config = { workers: 2, routes: [{ name: 'all', upstreams: [upstream.url] }] }
  await using holdfast = await startHoldfast({ config })
  const [worker] = holdfast.workers()
  holdfast.writeConfig({ ...config, routes: [{ name: 'other', upstreams: [upstream.url] }] })
  process.kill(worker!, 'SIGSTOP')
  const answer = holdfast.api('/api/reload', { method: 'POST' })
  process.kill(worker!, 'SIGKILL')
  await gone([worker!])
  // Asked before it was killed, it may have ended by what it was to load: then nothing changes, and the next one is done.
  const { status, body: said } = await answer
  if (status !== 200) {
    expect(JSON.stringify(said)).toContain('reload again')
    expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 200 })
  }
  const clients = Array.from({ length: 8 }, () => wsClient(holdfast.url))
  await Promise.all(clients.map(({ opened }) => opened))
  const { body } = await holdfast.api('/api/connections')
  const routes = (body as { connections: { route: string }[] }).connections.map(({ route }) => route)
  expect(routes).toEqual(routes.map(() => 'other'))
})
