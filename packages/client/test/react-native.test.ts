import vm from 'node:vm'
import { eventually, startUpstream } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { ReconnectingWebSocket } from '../src/index.ts'
import { bundle } from './bundle.ts'

/** The package's React Native entry where there is no EventTarget, Event, DOMException or reportError. */
async function load(): Promise<typeof ReconnectingWebSocket> {
  const code = await bundle({
    entry: '../src/react-native.ts',
    format: 'iife',
    name: 'Holdfast',
    platform: 'node',
  })
  const context = vm.createContext({ WebSocket, URL, performance, setTimeout, clearTimeout })
  for (const name of ['EventTarget', 'Event', 'DOMException', 'MessageEvent'])
    expect(vm.runInContext(`typeof ${name}`, context)).toBe('undefined')
  return vm.runInContext(`${code}; Holdfast.ReconnectingWebSocket`, context)
}

it('works where there is no EventTarget, Event or DOMException', async () => {
  const Socket = await load()
  await using server = await startUpstream()
  const socket = new Socket(server.url, [], { random: () => 0 })
  const seen: string[] = []
  const listener = () => seen.push('listener')
  socket.onopen = function (this: unknown, event: Event) {
    seen.push(`${event.type} ${event.target === socket && this === socket}`)
    socket.send('hello')
  } as never
  socket.addEventListener('open', listener, { once: true })
  socket.addEventListener('open', listener, { once: true })
  socket.addEventListener('message', { handleEvent: ({ data, origin }) => seen.push(`${data} ${origin}`) })
  const controller = new AbortController()
  socket.addEventListener('message', () => seen.push('never'), { signal: controller.signal })
  controller.abort()
  socket.addEventListener('message', listener, true)
  socket.removeEventListener('message', listener)
  socket.removeEventListener('message', listener, true)
  socket.onclose = ({ code, reason, wasClean, retryIn }) => {
    seen.push(`${code} ${reason} ${wasClean} ${retryIn}`)
  }
  await eventually('an echo', () => seen.length === 3)
  ;(await server.connection()).close(1012, 'retry=1')
  await eventually('the return', () => seen.length === 6, { detail: () => seen })
  expect(seen).toEqual([
    'open true',
    'listener',
    `hello ${server.url}`,
    '1012 retry=1 true 1',
    'open true',
    `hello ${server.url}`,
  ])
  expect(() => socket.close(1001)).toThrow(expect.objectContaining({ name: 'InvalidAccessError' }))
  socket.close()
  await eventually('the end', () => socket.readyState === 3)
})
