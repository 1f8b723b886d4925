import { eventually, startUpstream } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { createSSRApp, effectScope, h, ref } from 'vue'
import { renderToString } from 'vue/server-renderer'
import { WebSocket } from 'ws'
import { useWebSocket } from '../src/vue.ts'

describe('useWebSocket of Vue', () => {
  it('connects for a scope, anew for another URL, and closes at its end', async () => {
    await using server = await startUpstream()
    const url = ref<string | null>(`${server.url}/a`)
    const messages: unknown[] = []
    const scope = effectScope()
    const { state, status, secondsLeft, send } = scope.run(() =>
      useWebSocket(url, { WebSocket, onMessage: ({ data }) => messages.push(data) }),
    )!
    expect(state.value).toBe('connecting')
    send('hello')
    await eventually('the echo', () => messages.length === 1)
    expect([state.value, secondsLeft.value]).toEqual(['open', null])
    server.connections[0]!.close(1012, 'service restart; retry=60000')
    await eventually('the loss', () => state.value === 'waiting')
    expect(secondsLeft.value).toBe(60)
    expect(status.value.lost).toMatchObject({ code: 1012, retryIn: 60_000 })
    url.value = `${server.url}/b`
    await eventually('the other connection', () => state.value === 'open')
    expect(server.connections.map(({ request }) => request.url)).toEqual(['/a', '/b'])
    url.value = null
    expect(state.value).toBe('closed')
    await server.connections[1]!.closed
    url.value = `${server.url}/c`
    await eventually('the third connection', () => state.value === 'open')
    scope.stop()
    await server.connections[2]!.closed
  })

  it('connects nothing while a page is rendered on a server', async () => {
    await using server = await startUpstream()
    const text = await renderToString(
      createSSRApp({
        setup() {
          const { state, send } = useWebSocket(server.url, { WebSocket })
          send('hello')
          return () => h('p', state.value)
        },
      }),
    )
    expect(text).toBe('<p>connecting</p>')
    // One that comes later has had time to come before.
    await using later = await startUpstream()
    const scope = effectScope()
    const { state } = scope.run(() => useWebSocket(later.url, { WebSocket }))!
    await eventually('a connection', () => state.value === 'open')
    scope.stop()
    expect(server.connections).toEqual([])
  })
})
