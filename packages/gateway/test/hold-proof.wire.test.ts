// Who may go on behind a restart: only a client whose session somebody has restored.
import {
  frame,
  opcode,
  type RawClient,
  type RawUpstreamOptions,
  rawClient,
  startGateway,
  type TestGateway,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { held, holding, nothingLeft, restartingUpstream, restartReason, route } from './holding.ts'

const auto = holding({ state: 'auto', replay: { by: 'auto' } })

type Request = { headers: Record<string, string> }

/** An upstream that can restart and, asked again, says what it has done about the session. */
function restoring(said: (request: Request) => string[], options: RawUpstreamOptions = {}) {
  const headers = (request: Request) => (request.headers['holdfast-reattach'] ? said(request) : [])
  return restartingUpstream({ ...options, headers })
}

const yes = () => ['Holdfast-Restored: 1']

async function letGo(client: RawClient) {
  const { code, reason = '' } = (await client.closeFrame()) ?? {}
  expect({ code, reason }).toEqual({ code: 1012, reason: expect.stringMatching(restartReason) })
  return Number(/retry=(\d+)/.exec(reason)![1])
}

const said = ({ log }: TestGateway, words: string) => log.filter(({ msg }) => msg.startsWith(words))

async function reattachments(gateway: TestGateway) {
  return (await route(gateway)).counters.reattachments
}

describe('a client of which nobody has restored the session', () => {
  test('is told 1012 as soon as an upstream is there again, with a short retry, and what it said meanwhile is counted as lost', async () => {
    await using backend = await restoring(() => [])
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using client = await rawClient(gateway.url)
    backend.restart()
    await held(gateway)
    client.text('one')
    client.text('two')
    await backend.back(2)
    expect(await letGo(client)).toBeLessThanOrEqual(500)
    const next = backend.upstream.connections[1]!
    expect(next.request.headers['holdfast-reattach']).toBe('1; code=1012')
    expect(await next.closeFrame()).toMatchObject({ code: 1001 })
    expect(next.messages).toEqual([])
    await nothingLeft(gateway)
    expect((await route(gateway)).counters).toMatchObject({
      lost: { 'to-upstream': 2, 'to-client': 0 },
      reattachments: { 'not-restored': 1 },
      closes: { '1012:gateway': 1 },
    })
    await gateway.changes.until('the log', () => said(gateway, 'let go with 1012: no proof').length > 0)
    expect(said(gateway, 'held clients re-attached')).toEqual([])
  })

  test.each([
    ['0', ['Holdfast-Restored: 0']],
    ['yes', ['Holdfast-Restored: yes']],
    ['both', ['Holdfast-Restored: 1', 'Holdfast-Restored: 0']],
    ['nothing', ['Holdfast-Restored:']],
  ])('though the upstream says %s', async (_, headers) => {
    await using backend = await restoring(() => headers)
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using client = await rawClient(gateway.url)
    backend.restart()
    await held(gateway)
    await backend.back(2)
    await letGo(client)
  })

  test('though its replay is none, and state is not', async () => {
    await using backend = await restoring(() => [])
    const hold = { ...auto, replay: { by: 'none' as const } }
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold })
    await using client = await rawClient(gateway.url)
    backend.restart()
    await held(gateway)
    await backend.back(2)
    await letGo(client)
  })

  test('is let go in a moment while no upstream is there and none has ever answered, but for one that asks', async () => {
    await using backend = await restoring(yes)
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    const clients = [await rawClient(gateway.url), await rawClient(gateway.url), await rawClient(gateway.url)]
    backend.restart()
    await held(gateway, 3)
    const stays = () => clients.filter(({ frames }) => !frames.some(({ opcode: op }) => op === opcode.close))
    await expect.poll(() => stays().length, { interval: 5 }).toBe(1)
    const [asks] = stays()
    for (const client of clients) if (client !== asks) await letGo(client)
    await backend.back(4)
    asks!.text('still here')
    expect(String((await backend.upstream.connections[3]!.message()).payload)).toBe('still here')
    expect(await reattachments(gateway)).toEqual({ 'not-restored': 2, attached: 1 })
    for (const client of clients) client.stream.destroy()
  })

  test('is held all the same when its upstream has said in the first handshake that it restores', async () => {
    let answer = 0
    const headers = ({ headers }: Request) => [
      `Holdfast-Restored: ${headers['holdfast-reattach'] ? answer : 0}`,
    ]
    await using backend = await restartingUpstream({ headers })
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using early = await rawClient(gateway.url)
    backend.restart()
    await held(gateway)
    await backend.back(2)
    await letGo(early)
    // Of others of the route it has restored none yet.
    const clients = [await rawClient(gateway.url), await rawClient(gateway.url), await rawClient(gateway.url)]
    answer = 1
    backend.restart()
    await held(gateway, 3)
    await backend.back(8)
    await expect
      .poll(() => reattachments(gateway), { interval: 5 })
      .toEqual({ 'not-restored': 1, attached: 3 })
    for (const client of clients) client.stream.destroy()
  })

  test('is let go at once when upstreams have said no before; the gateway asks in its place, and one yes brings all back', async () => {
    let answer: string[] = []
    await using backend = await restoring(() => answer)
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using early = await rawClient(gateway.url)
    backend.restart()
    await held(gateway)
    await backend.back(2)
    await letGo(early)

    const clients = [await rawClient(gateway.url), await rawClient(gateway.url), await rawClient(gateway.url)]
    answer = yes()
    backend.restart()
    await Promise.all(clients.map(letGo))
    expect((await route(gateway)).connections.held).toBe(0)
    await backend.back(6)
    const asked = backend.upstream.connections[5]!
    expect(asked.request.headers['holdfast-reattach']).toBe('1; code=1012')
    expect(await asked.closeFrame()).toMatchObject({ code: 1001 })
    expect(await reattachments(gateway)).toEqual({ 'not-restored': 4 })

    const others = [await rawClient(gateway.url), await rawClient(gateway.url)]
    backend.restart()
    await held(gateway, 2)
    for (const client of [...clients, ...others]) client.stream.destroy()
    await nothingLeft(gateway)
  })

  test('and is not to be held, hears the drain Ping of its upstream itself', async () => {
    await using backend = await restoring(() => [])
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using first = await rawClient(gateway.url)
    backend.restart()
    await held(gateway)
    await backend.back(2)
    await letGo(first)
    await using client = await rawClient(gateway.url)
    const [, , its] = backend.upstream.connections
    its!.write(frame({ opcode: opcode.ping, payload: 'holdfast:drain' }))
    expect(String((await client.nextFrame()).payload)).toBe('holdfast:drain')
    client.text('still read')
    expect(String((await its!.message()).payload)).toBe('still read')
    its!.close(1012, 'service restart; retry=77')
    expect(await client.closeFrame()).toEqual({ code: 1012, reason: 'service restart; retry=77' })
  })
})

describe("a client goes on by its upstream's word", () => {
  test('which it does not see, and of which the operator hears', async () => {
    await using backend = await restartingUpstream({
      headers: ['Holdfast-Restored: 1', 'holdfast-secret: 2', 'X-Other: 3'],
    })
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using client = await rawClient(gateway.url)
    expect(Object.keys(client.headers).filter((name) => name.startsWith('holdfast'))).toEqual([])
    expect(client.headers['x-other']).toBe('3')
    expect((await gateway.connections())[0]!.restoredBy).toBeUndefined()
    backend.restart()
    await held(gateway)
    client.text('meanwhile')
    await backend.back(2)
    const next = backend.upstream.connections[1]!
    expect(String((await next.message()).payload)).toBe('meanwhile')
    expect(await gateway.connections()).toMatchObject([{ reattached: 1, restoredBy: 'upstream' }])
    expect(await reattachments(gateway)).toEqual({ attached: 1 })
    await gateway.changes.until('the log', () => said(gateway, 'held clients re-attached').length > 0)
    expect(said(gateway, 'held clients re-attached')[0]).toMatchObject({
      msg: 'held clients re-attached, restored by the upstream',
      restoredBy: { upstream: 1 },
    })
    expect(client.frames.filter(({ opcode: op }) => op === opcode.close)).toEqual([])
  })

  test('and the word of a client counts for nothing', async () => {
    await using backend = await restoring(() => [])
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using client = await rawClient(gateway.url, {
      headers: {
        'Holdfast-Restored': '1',
        'Holdfast-Reattach': '7; code=1012',
        'Holdfast-Session': 'guessed',
        Holdfast_Reattach: '7; code=1012',
      },
    })
    const { headers } = backend.upstream.connections[0]!.request
    expect(headers['holdfast-restored']).toBeUndefined()
    expect(headers['holdfast-reattach']).toBeUndefined()
    expect(headers.holdfast_reattach).toBeUndefined()
    expect(headers['holdfast-session']).not.toContain('guessed')
    backend.restart()
    await held(gateway)
    await backend.back(2)
    expect(backend.upstream.connections[1]!.request.headers['holdfast-reattach']).toBe('1; code=1012')
    await letGo(client)
  })

  test('without the replay, which would say all of it twice', async () => {
    await using backend = await restoring(yes)
    const hold = holding({ state: 'auto', replay: { by: 'first', messages: 1 } })
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold })
    await using client = await rawClient(gateway.url)
    client.text('login')
    await backend.upstream.connections[0]!.message()
    backend.restart()
    await held(gateway)
    await backend.back(2)
    client.text('on')
    expect(String((await backend.upstream.connections[1]!.message()).payload)).toBe('on')
  })
})

describe('without that word a client goes on', () => {
  const ways = {
    stateless: [holding({ state: 'none', replay: { by: 'auto' } }), []],
    replay: [holding({ state: 'auto', replay: { by: 'first', messages: 1 } }), ['login']],
  } as const
  test.each(Object.entries(ways))('%s', async (by, [hold, again]) => {
    await using backend = await restoring(() => [])
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold })
    await using client = await rawClient(gateway.url)
    client.text('login')
    await backend.upstream.connections[0]!.message()
    backend.restart()
    await held(gateway)
    await backend.back(2)
    client.text('on')
    const next = backend.upstream.connections[1]!
    for (const words of [...again, 'on']) expect(String((await next.message()).payload)).toBe(words)
    expect(await gateway.connections()).toMatchObject([{ reattached: 1, restoredBy: by }])
  })
})

describe('a hold that leads nowhere ends', () => {
  test('with 1012 at the second loss without a message of the upstream in between', async () => {
    await using backend = await restoring(yes)
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using client = await rawClient(gateway.url)
    const { connections } = backend.upstream
    connections[0]!.reset()
    await expect.poll(() => connections.length, { interval: 5 }).toBe(2)
    // A control frame is no message; a message is one, whatever came before it.
    connections[1]!.text('here')
    expect(String((await client.message()).payload)).toBe('here')
    connections[1]!.reset()
    await expect.poll(() => connections.length, { interval: 5 }).toBe(3)
    connections[2]!.ping('are you there')
    await connections[2]!.nextFrame()
    connections[2]!.stream.destroy()
    await letGo(client)
    expect(connections.length).toBe(3)
    await nothingLeft(gateway)
    expect(await reattachments(gateway)).toEqual({ attached: 2, 'lost-again': 1 })
    await gateway.changes.until('the log', () => said(gateway, 'let go with 1012: lost again').length > 0)
  })

  test('and that is no matter of quiet clients: restarts that are announced do not count', async () => {
    await using backend = await restoring(yes)
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using client = await rawClient(gateway.url)
    for (let i = 1; i <= 4; i++) {
      backend.restart()
      await held(gateway)
      await backend.back(i + 1)
      await expect.poll(() => reattachments(gateway), { interval: 5 }).toEqual({ attached: i })
    }
    client.text('hello')
    expect(String((await backend.upstream.connections.at(-1)!.message()).payload)).toBe('hello')
  })
})

describe('what is recognised', () => {
  const never = {
    'Socket.IO': ['/socket.io/?EIO=4&transport=websocket', undefined],
    'Engine.IO, the other way round': ['/engine?transport=websocket&EIO=3', undefined],
    XMPP: ['/xmpp', 'xmpp'],
    'the old subprotocol of GraphQL': ['/graphql', 'graphql-ws'],
    SockJS: ['/echo/123/abcd_123/websocket', undefined],
  } as const
  test.each(Object.entries(never))('%s is never held', async (_, [target, protocol]) => {
    await using backend = await restoring(() => [], { protocol: 'first' })
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    const protocols = protocol ? [protocol] : []
    await using client = await rawClient(new URL(target, gateway.url), { protocols })
    const [peer] = backend.upstream.connections
    expect(peer!.request.headers['holdfast-session']).toBeUndefined()
    peer!.reset()
    expect(await client.closeFrame()).toEqual({
      code: 1014,
      reason: 'bad gateway: upstream connection lost',
    })
    expect(await reattachments(gateway)).toEqual({})
  })

  const byMessage = {
    Faye: ['client', '[]'],
    SignalR: ['client', '{"protocol":"json","version":1}\x1e'],
    'Engine.IO without its query': ['upstream', '0{"sid":"a","pingInterval":25000}'],
  } as const
  test.each(Object.entries(byMessage))('%s is never held, by its first message', async (_, [from, words]) => {
    await using backend = await restoring(yes)
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using client = await rawClient(gateway.url)
    const [peer] = backend.upstream.connections
    const [speaker, listener] = from === 'client' ? [client, peer!] : [peer!, client]
    speaker.text(words)
    expect(String((await listener.message()).payload)).toBe(words)
    peer!.reset()
    expect(await client.closeFrame()).toEqual({
      code: 1014,
      reason: 'bad gateway: upstream connection lost',
    })
    expect(await reattachments(gateway)).toEqual({})
  })

  test('a subprotocol counts when it was selected, not when it was offered', async () => {
    await using backend = await restoring(() => [], { protocol: 'graphql-ws' })
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    const protocols = ['graphql-transport-ws', 'graphql-ws']
    await using client = await rawClient(gateway.url, { protocols })
    backend.upstream.connections[0]!.reset()
    expect(await client.closeFrame()).toMatchObject({ code: 1014 })
  })

  const told = {
    'graphql-transport-ws': {
      target: '/',
      says: { type: 'connection_init', payload: { token: 'x' } },
      answer: { type: 'connection_ack' },
    },
    'actioncable-v1-json': {
      target: '/cable',
      says: { command: 'subscribe', identifier: '{"channel":"Room"}' },
      answer: { type: 'confirm_subscription', identifier: '{"channel":"Room"}' },
      first: { type: 'welcome' },
    },
    phoenix: {
      target: '/socket/websocket?token=1&vsn=2.0.0',
      says: ['1', '1', 'room:1', 'phx_join', {}],
      answer: ['1', '1', 'room:1', 'phx_reply', { status: 'ok', response: {} }],
    },
  }
  test.each(Object.entries(told))('%s gets its replay without being asked', async (name, conversation) => {
    const { target, says, answer, first } = { first: undefined, ...conversation }
    const protocols = name === 'phoenix' ? [] : [name]
    await using backend = await restoring(() => [], { protocol: 'first' })
    await using gateway = await startGateway({ upstreams: [backend.upstream.url], hold: auto })
    await using client = await rawClient(new URL(target, gateway.url), { protocols })
    const [before] = backend.upstream.connections
    if (first) before!.text(JSON.stringify(first))
    client.text(JSON.stringify(says))
    await before!.message()
    before!.text(JSON.stringify(answer))
    await client.message()
    backend.restart()
    await held(gateway)
    await backend.back(2)
    const next = backend.upstream.connections[1]!
    if (first) next.text(JSON.stringify(first))
    expect(JSON.parse(String((await next.message()).payload))).toEqual(says)
    expect(await gateway.connections()).toMatchObject([{ restoredBy: 'replay' }])
  })
})
