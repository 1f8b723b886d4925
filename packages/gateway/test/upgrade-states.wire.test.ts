// Connections in every state go through a live upgrade: moved, or finished by their old worker.
import {
  closePayload,
  eventually,
  frame,
  type Holdfast,
  opcode,
  rawClient,
  rawSocket,
  rawUpstream,
  startUpstream,
  switchingProtocols,
  upgradeRequest,
  wsClient,
} from '@holdfast/testing'
import { expect } from 'vitest'
import { drain, onNode, serve, state, upgrade } from './upgrading.ts'

/** Starts an upgrade; resolves when the old workers have begun to move what they have. `done` is its end. */
async function moving(holdfast: Holdfast): Promise<{ done: ReturnType<typeof upgrade> }> {
  const done = upgrade(holdfast)
  done.catch(() => {})
  await eventually('the move', async () => (await state(holdfast)).upgrade?.total)
  return { done }
}

onNode('messages of which a part has been sent go on in the new worker, both ways', async () => {
  await using upstream = await rawUpstream()
  await using holdfast = await serve(upstream.url)
  const client = await rawClient(holdfast.url)
  const server = await upstream.connection()
  const payload = Buffer.alloc(300_000, 'holdfast')
  const up = frame({ opcode: opcode.binary, payload, mask: true })
  const down = frame({ opcode: opcode.text, payload, fin: false })
  for (let i = 0; i < 3; i++) {
    const [u, d] = [server.bytes, client.bytes]
    client.write(up.subarray(0, 100_001))
    server.write(down.subarray(0, 200_003))
    await eventually('their first parts', () => server.bytes > u + 90_000 && client.bytes > d + 190_000)
    expect(await upgrade(holdfast)).toMatchObject({ moved: 1, ended: 0 })
    client.write(up.subarray(100_001))
    server.write(down.subarray(200_003))
    server.frame({ opcode: opcode.continuation, payload: 'end' })
    expect((await server.message()).payload.equals(payload)).toBe(true)
    expect((await client.message()).payload.equals(Buffer.concat([payload, Buffer.from('end')]))).toBe(true)
  }
  client.close(1000)
  expect(await client.closeFrame()).toMatchObject({ code: 1000 })
})

onNode('a header of which one byte has come goes on in the new worker', async () => {
  await using upstream = await rawUpstream()
  await using holdfast = await serve(upstream.url)
  const client = await rawClient(holdfast.url)
  const server = await upstream.connection()
  const up = frame({ opcode: opcode.text, payload: 'up', mask: true })
  const down = frame({ opcode: opcode.text, payload: 'down' })
  client.write(up.subarray(0, 1))
  server.write(down.subarray(0, 1))
  await upgrade(holdfast)
  client.write(up.subarray(1))
  server.write(down.subarray(1))
  expect(String((await server.message()).payload)).toBe('up')
  expect(String((await client.message()).payload)).toBe('down')
  client.socket.destroy()
})

onNode('handshakes under way when an upgrade begins become connections', async () => {
  const late: (() => void)[] = []
  await using upstream = await rawUpstream({
    onRequest: (request, socket) => {
      if (request.headers['x-late'] !== '1') return false
      late.push(() => socket.write(switchingProtocols(request)))
      return true
    },
  })
  const routes = [{ name: 'all', upstreams: [upstream.url], timeouts: { handshake: '60s' } }]
  await using holdfast = await serve(upstream.url, {
    config: { routes, pending: { timeout: '60s' } },
  })
  const mute = await rawSocket(holdfast.url)
  const halting = await rawSocket(holdfast.url)
  const request = upgradeRequest(holdfast.url)
  halting.write(request.slice(0, 40))
  const unanswered = rawClient(holdfast.url, { headers: { 'X-Late': '1' } })
  await eventually('the late handshake at the upstream', () => late.length === 1)
  // They wait in the kernel until a worker takes them.
  await eventually('the others at the workers', async () =>
    /^holdfast_pending_sockets 2$/m.test(String((await holdfast.api('/metrics')).body)),
  )
  const { done } = await moving(holdfast)
  mute.write(request)
  halting.write(request.slice(40))
  late[0]!()
  const client = await unanswered
  expect(client.status).toBe(101)
  for (const socket of [mute, halting]) {
    const head = String(await new Promise((resolve) => socket.once('data', resolve)))
    expect(head).toMatch(/^HTTP\/1\.1 101 /)
  }
  expect(await done).toMatchObject({ moved: 3, ended: 0 })
  client.socket.destroy()
  mute.destroy()
  halting.destroy()
})

onNode('messages that nobody reads yet come through in order', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url)
  await using client = wsClient(holdfast.url)
  await client.opened
  client.tcp.pause()
  const many = 200
  for (let i = 0; i < many; i++) client.send(Buffer.alloc(64 * 1024, i))
  const { done } = await moving(holdfast)
  client.tcp.resume()
  for (let i = 0; i < many; i++) expect((await client.message())[0]).toBe(i)
  expect(await done).toMatchObject({ moved: 1, ended: 0 })
  client.send('and on')
  expect(await client.message()).toBe('and on')
})

onNode(
  'a client that reads nothing keeps its connection until the deadline, and is counted as lost',
  async () => {
    await using upstream = await startUpstream()
    await using holdfast = await serve(upstream.url, { config: { drain: { ...drain, deadline: '4s' } } })
    await using client = wsClient(holdfast.url)
    await client.opened
    client.tcp.pause()
    for (let i = 0; i < 200; i++) client.send(Buffer.alloc(64 * 1024, i))
    expect(await upgrade(holdfast)).toMatchObject({ total: 1, moved: 0, ended: 0, lost: 1 })
  },
)

onNode('a client that reads again only after the deadline gets all that waits for it, and 1012', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url, { config: { drain: { ...drain, deadline: '4s' } } })
  await using client = wsClient(holdfast.url)
  await client.opened
  client.tcp.pause()
  for (let i = 0; i < 100; i++) client.send(Buffer.alloc(64 * 1024, i))
  const done = upgrade(holdfast)
  done.catch(() => {})
  await holdfast.waitForLog('the drain', ({ msg }) => msg === 'drain started', 30_000)
  client.tcp.resume()
  expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringContaining('retry=') })
  expect(await done).toMatchObject({ total: 1, moved: 0, ended: 1, lost: 0, closes: { '1012:gateway': 1 } })
})

onNode('a closing handshake under way is finished by the old worker', async () => {
  await using upstream = await rawUpstream({ answersCloses: false })
  // The new workers may take their time to start.
  const routes = [{ name: 'all', upstreams: [upstream.url], timeouts: { close: '60s' } }]
  await using holdfast = await serve(upstream.url, { config: { routes } })
  const client = await rawClient(holdfast.url)
  const server = await upstream.connection()
  client.close(4001, 'bye')
  await server.closeFrame()
  const { done } = await moving(holdfast)
  server.frame({ opcode: opcode.close, payload: closePayload(4001, 'bye') })
  expect(await client.closeFrame()).toEqual({ code: 4001, reason: 'bye' })
  expect(await done).toMatchObject({ moved: 0, ended: 1 })
})

onNode('a held connection moves without its upstream and goes on with the next one', async () => {
  const first = await startUpstream()
  const routes = [
    { name: 'all', upstreams: [first.url], hold: { for: '30s', on: [1012, 'lost'], state: 'none' } },
  ]
  await using holdfast = await serve(first.url, { config: { routes } })
  await using client = wsClient(holdfast.url)
  await client.opened
  const { port } = first
  await first[Symbol.asyncDispose]()
  await eventually('the hold', async () => (await state(holdfast)).routes[0]!.connections.held === 1)
  client.send('while held')
  expect(await upgrade(holdfast)).toMatchObject({ moved: 1, ended: 0 })
  await using next = await startUpstream({ port })
  expect(await client.message()).toBe('while held')
  expect(next.sockets.size).toBe(1)
})

onNode('a new worker that dies while connections move is replaced, and the others go on', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url)
  const clients = Array.from({ length: 200 }, () => wsClient(holdfast.url))
  await Promise.all(clients.map(({ opened }) => opened))
  const old = holdfast.workers()
  const done = upgrade(holdfast)
  const victim = await eventually('moved connections', async () => {
    const { upgrade } = await state(holdfast)
    return (upgrade?.moved ?? 0) > 20 && holdfast.workers().find((pid) => !old.includes(pid))
  })
  process.kill(victim, 'SIGKILL')
  const { total, moved, ended, lost } = await done
  expect(total).toBe(200)
  expect(moved + ended + lost!).toBe(200)
  const after = await eventually('two workers', async () => {
    const now = await state(holdfast)
    return now.workers.filter(({ state }) => state === 'ready').length === 2 && now
  })
  expect(after.workers.map(({ generation }) => generation)).toEqual([2, 2])
  const open = clients.filter(({ ending }) => !ending)
  expect(after.routes[0]!.connections.open).toBe(open.length)
  // Those that the dead one had; what was on its way to it went on where it was.
  expect(moved).toBe(open.length)
  for (const client of open) client.send('still there')
  for (const client of open) expect(await client.message()).toBe('still there')
  for (const { socket } of clients) socket.terminate()
})
