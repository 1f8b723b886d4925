import { fakeClock } from '@holdfast/testing'
import { derived, get } from 'svelte/store'
import { describe, expect, it } from 'vitest'
import {
  type StoreUrl,
  type WebSocketStatus,
  type WebSocketStoreOptions,
  webSocketStore,
} from '../src/store.ts'
import { secondsLeft } from '../src/svelte.ts'
import { scripted } from './scripted-connection.ts'

function make(options: WebSocketStoreOptions = {}, url: StoreUrl = 'ws://x/') {
  const clock = fakeClock()
  const { Class, made, last } = scripted()
  const all = { WebSocket: Class, clock, random: () => 0.5, ...options }
  const store = webSocketStore(url, all)
  /** Lets timers that are due, and promises, run. */
  const settle = () => clock.advance(0)
  return { clock, made, last, store, all, settle }
}

const states = (list: WebSocketStatus[]) => list.map(({ state }) => state)

describe('a store', () => {
  it('does nothing before somebody subscribes, and closes when the last one has left', async () => {
    const { store, made, last, settle, clock } = make()
    await settle()
    expect([made.length, store.getStatus().state]).toEqual([0, 'connecting'])
    const leave = [store.subscribe(() => {}), store.subscribe(() => {})]
    await settle()
    expect(made).toHaveLength(1)
    last().open()
    leave[0]!()
    await settle()
    expect(last().readyState).toBe(1)
    leave[1]!()
    await settle()
    expect(last().readyState).toBe(2)
    expect(store.getStatus()).toBe(store.getInitialStatus())
    last().end(1005)
    expect(store.getStatus()).toBe(store.getInitialStatus())
    await clock.advance(60_000)
    expect([made.length, clock.pending]).toEqual([1, 0])
  })

  it('keeps its connection when the last one leaves and another comes at once, as in StrictMode', async () => {
    const { store, made, last, settle } = make()
    const leave = store.subscribe(() => {})
    leave()
    const leaveAgain = store.subscribe(() => {})
    await settle()
    expect(made).toHaveLength(1)
    last().open()
    // As when code is replaced under a running page.
    leaveAgain()
    store.subscribe(() => {})
    await settle()
    expect([made.length, last().readyState, store.getStatus().state]).toEqual([1, 1, 'open'])
  })

  it('makes no connection for one who leaves at once, as when a page is rendered on a server', async () => {
    const { store, made, settle, clock } = make()
    store.subscribe(() => {})()
    await settle()
    await clock.advance(60_000)
    expect([made.length, clock.pending]).toEqual([0, 0])
  })

  it('tells each state once: also that an attempt begins, which no event says', async () => {
    const { store, last, settle, clock } = make()
    const seen: WebSocketStatus[] = []
    store.subscribe((status) => seen.push(status))
    await settle()
    last().open()
    last().end(1012, 'service restart; retry=2500')
    await clock.advance(2500)
    last().open()
    last().end(1008, 'no')
    expect(states(seen)).toEqual(['connecting', 'open', 'waiting', 'connecting', 'open', 'closed'])
    expect(seen[2]).toMatchObject({ retryAt: 2500, lost: { code: 1012, retryIn: 2500 } })
    expect(seen[5]).toMatchObject({ retryAt: null, lost: { code: 1008, reason: 'no', retryIn: null } })
    expect(store.getStatus()).toBe(seen[5])
  })

  it('counts down in whole seconds, each told once, and to nobody afterwards', async () => {
    const { store, last, settle, clock } = make()
    const seconds: (number | null)[] = []
    const stop = store.subscribeSeconds(() => seconds.push(store.getSecondsLeft()))
    await settle()
    expect(clock.pending).toBe(0)
    const leave = store.subscribe(() => {})
    await settle()
    last().open()
    seconds.length = 0
    last().end(1012, 'service restart; retry=2500')
    await clock.advance(2499)
    expect(seconds).toEqual([3, 2, 1])
    await clock.advance(1)
    last().open()
    expect(seconds.at(-1)).toBe(null)
    last().end(1012, 'service restart; retry=2500')
    stop()
    leave()
    await settle()
    expect(clock.pending).toBe(0)
  })

  it('keeps what is sent before it is connected', async () => {
    const { store, last, settle } = make()
    store.send('early')
    store.subscribe(() => {})
    await settle()
    last().open()
    expect(last().sent).toEqual(['early'])
  })

  it('without a URL is closed and refuses messages', async () => {
    const { store, made, settle } = make({}, null)
    store.subscribe(() => {})
    store.reconnect()
    await settle()
    expect([store.getStatus().state, made.length]).toEqual(['closed', 0])
    expect(() => store.send('x')).toThrow(expect.objectContaining({ name: 'InvalidStateError' }))
  })

  it('waits with startClosed for reconnect(), and stays closed once its signal is aborted', async () => {
    const stop = new AbortController()
    const { store, made, last, settle } = make({ startClosed: true, signal: stop.signal })
    store.subscribe(() => {})
    await settle()
    expect([store.getStatus().state, made.length]).toEqual(['closed', 0])
    store.reconnect()
    await settle()
    last().open()
    expect(store.getStatus().state).toBe('open')
    stop.abort()
    last().end(1005)
    expect(store.getStatus().state).toBe('closed')
    store.reconnect()
    await settle()
    expect([store.getStatus().state, made.length]).toEqual(['closed', 1])
  })

  it('goes by the callbacks, the URL function and the rules of its last update, without a new connection', async () => {
    const seen: string[] = []
    const { store, all, made, last, settle, clock } = make({
      onMessage: ({ data }) => seen.push(`old ${data}`),
    })
    store.subscribe(() => {})
    await settle()
    last().open()
    store.update(() => 'ws://y/', {
      ...all,
      onMessage: ({ data }) => seen.push(`new ${data}`),
      onClose: ({ code }) => seen.push(`close ${code}`),
      onOpen: () => seen.push('open'),
      retry: () => 70,
    })
    last().receive('hello')
    expect(made).toHaveLength(1)
    last().end(1006)
    await clock.advance(70)
    expect(last().url).toBe('ws://y/')
    last().open()
    expect(seen).toEqual(['new hello', 'close 1006', 'open'])
  })

  it('closes and comes back when it is told', async () => {
    const { store, last, settle, made } = make()
    store.subscribe(() => {})
    await settle()
    last().open()
    store.close(4000, 'enough')
    last().end(4000, 'enough')
    expect(store.getStatus().state).toBe('closed')
    store.reconnect()
    expect(store.getStatus().state).toBe('connecting')
    await settle()
    expect(made).toHaveLength(2)
  })
})

describe('for Svelte', () => {
  it('a store fulfils the contract of those of svelte/store', async () => {
    const { store, last, settle, clock } = make()
    const words = derived([store, secondsLeft(store)], ([{ state }, seconds]) =>
      seconds === null ? state : `back in ${seconds} s`,
    )
    const seen: string[] = []
    const leave = words.subscribe((text) => seen.push(text))
    await settle()
    last().open()
    last().end(1012, 'service restart; retry=2000')
    await clock.advance(1000)
    expect(seen).toEqual(expect.arrayContaining(['connecting', 'open', 'back in 2 s']))
    expect(seen.at(-1)).toBe('back in 1 s')
    expect(get(store).state).toBe('waiting')
    leave()
    await settle()
    expect(clock.pending).toBe(0)
  })
})
