// Restarts of Phoenix, Action Cable and STOMP servers under the protocols' own clients, through a gateway that replays.
import { createRequire } from 'node:module'
import { Changes, startGateway } from '@holdfast/testing'
import { Client as StompClient } from '@stomp/stompjs'
import { Socket } from 'phoenix'
import { describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { CableServer } from './peers/replay-action-cable.ts'
import { type Departure, startBackend } from './peers/replay-backend.ts'
import { PhoenixServer } from './peers/replay-phoenix.ts'
import { StompServer } from './peers/replay-stomp.ts'

const departures: Departure[] = [1012, 'reset']

const hold = (name: string) => ({
  for: 20_000,
  on: [1012, 'lost' as const],
  buffer: 256 * 1024,
  state: 'auto' as const,
  replay: { by: 'protocol' as const, name },
})

/** What an application was told, in order. */
class Notes {
  readonly changes = new Changes()
  readonly list: string[] = []

  add(note: string): void {
    this.list.push(note)
    this.changes.notify()
  }

  until(note: string): Promise<unknown> {
    return this.changes.until(note, () => this.list.includes(note), { detail: () => this.list })
  }
}

describe('Phoenix channels', () => {
  async function start() {
    const notes = new Notes()
    const changes = new Changes()
    const server = new PhoenixServer(changes)
    const backend = await startBackend(server.serve, changes)
    const gateway = await startGateway({ upstreams: [backend.url], hold: hold('phoenix') })
    const socket = new Socket(`${gateway.url}/socket`, { transport: WebSocket, heartbeatIntervalMs: 250 })
    socket.onOpen(() => notes.add('open'))
    socket.onClose(() => notes.add('close'))
    socket.onError(() => notes.add('error'))
    socket.connect()
    const join = (topic: string) => {
      const channel = socket.channel(topic, { token: 't' })
      channel.onError(() => notes.add(`${topic} error`))
      channel.onClose(() => notes.add(`${topic} close`))
      channel.on('news', ({ text }) => notes.add(`${topic} ${text}`))
      channel
        .join()
        .receive('ok', () => notes.add(`${topic} joined`))
        .receive('error', ({ reason }) => notes.add(`${topic} refused: ${reason}`))
      return channel
    }
    const joined = (count: number, life: number) =>
      changes.until(
        `${count} channels in life ${life}`,
        () => server.life === life && server.channels.size === count,
      )
    return {
      ...{ notes, changes, server, backend, socket, join, joined },
      async [Symbol.asyncDispose]() {
        socket.disconnect()
        await gateway[Symbol.asyncDispose]()
        await backend[Symbol.asyncDispose]()
      },
    }
  }

  test.each(departures)('stay joined through a restart, and hear and push as before (%s)', async (how) => {
    await using it = await start()
    const room = it.join('room:1')
    it.join('room:2')
    await it.notes.until('room:2 joined')
    await it.joined(2, 1)
    await it.backend.restart(how)
    await it.joined(2, 2)
    it.server.broadcast('room:1', 'news', { text: 'one' })
    it.server.broadcast('room:2', 'news', { text: 'two' })
    await it.notes.until('room:2 two')
    room.push('echo', { text: 'x' }).receive('ok', ({ text }) => it.notes.add(`echo ${text}`))
    await it.notes.until('echo x')
    room.leave().receive('ok', () => it.notes.add('left'))
    await it.notes.until('left')
    expect(it.notes.list).toEqual([
      ...['open', 'room:1 joined', 'room:2 joined', 'room:1 one', 'room:2 two', 'echo x'],
      ...['room:1 close', 'left'],
    ])
    expect(it.server.heard.filter(({ event }) => event === 'phx_join').map(({ payload }) => payload)).toEqual(
      new Array(4).fill({ token: 't' }),
    )
  })

  test('a heartbeat that was in flight is answered, so that the client does not leave', async () => {
    await using it = await start()
    it.join('room:1')
    await it.joined(1, 1)
    it.server.unanswered.add('heartbeat')
    const heartbeats = (life: number) =>
      it.server.heard.filter((one) => one.event === 'heartbeat' && one.life === life).length
    await it.changes.until('a heartbeat', () => heartbeats(1) === 1)
    it.server.unanswered.delete('heartbeat')
    await it.backend.restart()
    await it.changes.until('the next heartbeats', () => heartbeats(2) === 2)
    expect(it.notes.list).toEqual(['open', 'room:1 joined'])
  })

  test('a channel that the new server refuses errors, and its own join is told why', async () => {
    await using it = await start()
    it.join('room:1')
    it.join('room:2')
    await it.joined(2, 1)
    it.server.closed.add('room:1')
    await it.backend.restart()
    await it.notes.until('room:1 refused: closed')
    it.server.broadcast('room:2', 'news', { text: 'two' })
    await it.notes.until('room:2 two')
    expect(it.notes.list).toEqual([
      ...['open', 'room:1 joined', 'room:2 joined', 'room:1 error', 'room:1 refused: closed', 'room:2 two'],
    ])
  })

  test('a LiveView mounts again by its own client', async () => {
    await using it = await start()
    it.join('lv:page')
    await it.joined(1, 1)
    await it.backend.restart()
    await it.joined(1, 2)
    await it.changes.until('two joins', () => it.notes.list.length === 4)
    expect(it.notes.list).toEqual(['open', 'lv:page joined', 'lv:page error', 'lv:page joined'])
  })
})

describe('Action Cable', () => {
  interface Cable {
    adapters: { WebSocket: unknown }
    createConsumer(url: string): {
      disconnect(): void
      subscriptions: {
        create(
          params: object,
          mixin: Record<string, (argument: { text: string }) => void>,
        ): { perform(action: string, data: object): void; unsubscribe(): void }
      }
    }
  }

  /** The package is for browsers and asks for what pages have. */
  function loadCable(): Cable {
    const page = globalThis as { addEventListener?: unknown; removeEventListener?: unknown }
    page.addEventListener ??= () => {}
    page.removeEventListener ??= () => {}
    const cable = createRequire(import.meta.url)('@rails/actioncable') as Cable
    cable.adapters.WebSocket = WebSocket
    return cable
  }

  async function start() {
    const notes = new Notes()
    const changes = new Changes()
    const server = new CableServer(changes)
    const backend = await startBackend(server.serve, changes, ['actioncable-v1-json'])
    const gateway = await startGateway({ upstreams: [backend.url], hold: hold('action-cable') })
    const consumer = loadCable().createConsumer(gateway.url)
    const subscribe = (channel: string) =>
      consumer.subscriptions.create(
        { channel },
        {
          connected: () => notes.add(`${channel} connected`),
          disconnected: () => notes.add(`${channel} disconnected`),
          rejected: () => notes.add(`${channel} rejected`),
          received: ({ text }) => notes.add(`${channel} ${text}`),
        },
      )
    const subscribed = (count: number) =>
      changes.until(`${count} subscriptions`, () => server.subscriptions.size === count)
    return {
      ...{ notes, changes, server, backend, subscribe, subscribed },
      async [Symbol.asyncDispose]() {
        consumer.disconnect()
        await gateway[Symbol.asyncDispose]()
        await backend[Symbol.asyncDispose]()
      },
    }
  }

  test.each(departures)('subscriptions go on through a restart unnoticed (%s)', async (how) => {
    await using it = await start()
    const room = it.subscribe('RoomChannel')
    const gone = it.subscribe('GoneChannel')
    it.subscribe('ClosedChannel')
    for (const note of ['RoomChannel connected', 'GoneChannel connected', 'ClosedChannel rejected']) {
      await it.notes.until(note)
    }
    gone.unsubscribe()
    await it.subscribed(1)
    const before = it.server.commands.length
    await it.backend.stop(how)
    await it.subscribed(0)
    await it.backend.start()
    await it.subscribed(1)
    it.server.ping()
    it.server.broadcast({ text: 'news' })
    await it.notes.until('RoomChannel news')
    room.perform('speak', { text: 'x' })
    await it.changes.until('speech', () => it.server.commands.at(-1)!.command === 'message')
    expect(it.notes.list.slice(3)).toEqual(['RoomChannel news'])
    expect(it.server.commands.slice(before).map(({ command }) => command)).toEqual(['subscribe', 'message'])
  })
})

describe('STOMP', () => {
  async function start(binary = false) {
    const notes = new Notes()
    const changes = new Changes()
    const server = new StompServer(changes)
    const backend = await startBackend(server.serve, changes)
    const gateway = await startGateway({ upstreams: [backend.url], hold: hold('stomp') })
    const client = new StompClient({
      webSocketFactory: () => new WebSocket(gateway.url, ['v12.stomp']) as unknown as globalThis.WebSocket,
      forceBinaryWSFrames: binary,
      connectHeaders: { login: 'me', passcode: 'p:w' },
      onConnect: () => notes.add('connected'),
      onWebSocketClose: () => notes.add('closed'),
      onStompError: ({ headers }) => notes.add(`error ${headers['receipt-id']}: ${headers.message}`),
    })
    client.activate()
    await notes.until('connected')
    const session = (count: number) =>
      changes.until(`session ${count}`, () => server.sessions === count && server.subscriptions.size > 0)
    return {
      ...{ notes, changes, server, backend, client, session },
      async [Symbol.asyncDispose]() {
        await client.deactivate({ force: true })
        await gateway[Symbol.asyncDispose]()
        await backend[Symbol.asyncDispose]()
      },
    }
  }

  test.each(departures)('subscriptions go on through restarts unnoticed (%s)', async (how) => {
    await using it = await start(how === 'reset')
    it.client.watchForReceipt('r1', () => it.notes.add('receipt'))
    const room = it.client.subscribe('/topic/room', ({ body }) => it.notes.add(body), { receipt: 'r1' })
    const other = it.client.subscribe('/topic/other', ({ body }) => it.notes.add(`other ${body}`))
    await it.notes.until('receipt')
    other.unsubscribe()
    for (const session of [2, 3]) {
      await it.backend.restart(how)
      await it.session(session)
      it.server.publish('/topic/room', `news ${session}`)
      it.server.publish('/topic/other', 'not wanted')
      await it.notes.until(`news ${session}`)
    }
    room.unsubscribe()
    await it.changes.until('no subscription', () => it.server.subscriptions.size === 0)
    expect(it.notes.list).toEqual(['connected', 'receipt', 'news 2', 'news 3'])
    const connects = it.server.frames.filter(({ command }) => command === 'CONNECT')
    expect(connects.map(({ headers }) => headers.get('passcode'))).toEqual(['p:w', 'p:w', 'p:w'])
  })

  test('a message whose receipt was lost is not sent twice, and the client is told', async () => {
    await using it = await start()
    it.client.subscribe('/topic/room', ({ body }) => it.notes.add(body))
    it.client.publish({ destination: '/queue/slow', body: 'pay', headers: { receipt: 'r7' } })
    await it.changes.until('the message', () => it.server.frames.at(-1)!.command === 'SEND')
    await it.backend.restart()
    await it.session(2)
    it.server.publish('/topic/room', 'news')
    await it.notes.until('news')
    expect(it.notes.list).toEqual([
      'connected',
      'error r7: service restart, it may not have been handled',
      'news',
    ])
    expect(it.server.frames.filter(({ command }) => command === 'SEND')).toHaveLength(1)
  })
})
