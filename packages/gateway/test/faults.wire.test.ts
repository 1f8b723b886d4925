// No request, and no fault of ours, ends a process: one connection ends, and a bystander goes on.
import {
  type Holdfast,
  rawClient,
  rawSocket,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { expect, test } from 'vitest'

const severe = ({ log }: Holdfast) => log.filter(({ level }) => level >= 50)

const requests = {
  'HTTP/2.0': 'GET / HTTP/2.0\r\nHost: a\r\n\r\n',
  'an upgrade': 'GET / HTTP/2.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'another upgrade': 'GET / HTTP/2.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n',
  'a body': 'POST / HTTP/2.0\r\nHost: a\r\nContent-Length: 1\r\n\r\na',
  Expect: 'POST / HTTP/2.0\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n',
  CONNECT: 'CONNECT a:80 HTTP/2.0\r\nHost: a:80\r\n\r\n',
  'HTTP/0.9': 'GET / HTTP/0.9\r\nHost: a\r\n\r\n',
  'HTTP/3.0': 'GET / HTTP/3.0\r\nHost: a\r\n\r\n',
  'the preface of HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
}

test('versions of HTTP that are not served are refused in clear text, and a bystander goes on', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
  await using bystander = wsClient(holdfast.url)
  await bystander.opened
  const workers = holdfast.workers()
  for (const [what, request] of Object.entries(requests)) {
    await using client = await rawClient(holdfast.url, { request })
    // Parsers of other runtimes than Node know fewer versions: to them it is no HTTP at all.
    expect([505, 400], what).toContain(client.status)
    await client.ended()
    bystander.send(what)
    expect(await bystander.message()).toBe(what)
  }
  expect(holdfast.workers()).toEqual(workers)
  expect(severe(holdfast)).toEqual([])
})

test('a refused version among pipelined requests is answered in its turn and is the last', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
  const socket = await rawSocket(holdfast.url)
  const versions = ['1.1', '2.0', '1.1']
  socket.write(versions.map((version) => `GET / HTTP/${version}\r\nHost: a\r\n\r\n`).join(''))
  let text = ''
  for await (const bytes of socket) text += bytes
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status))
  expect(statuses.length).toBeLessThanOrEqual(2)
  // Where the parser itself refuses the version, the connection ends at once.
  if (statuses.length === 2) expect([505, 400]).toContain(statuses[1])
})
