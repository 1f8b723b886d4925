// A replay module that throws, in a real gateway: its own connections are told 1011, everybody else's go on.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startHoldfast, startUpstream, type WsClient, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

const methods = ['create', 'onClient', 'onUpstream', 'answer', 'replay', 'rest', 'swallow'] as const

/** Throws in one of its methods; in `create` only when the file `now` is there, because it is tried at the start. */
const moduleOf = (method: string) => `
  import { existsSync } from 'node:fs'
  const now = () => existsSync(new URL('now', import.meta.url))
  const fail = () => { throw new Error('broken in ${method}') }
  const replay = { onClient() {}, onUpstream() {}, answer: () => [], replay: () => [], rest: () => [], swallow: () => false }
  export default () => '${method}' === 'create' && now() ? fail() : { ...replay, ${method}: fail }
`

test('whichever method it is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-replay-'))
  try {
    await using upstream = await startUpstream()
    await using other = await startUpstream()
    const routes = methods.map((method) => {
      const file = join(folder, `${method}.mjs`)
      writeFileSync(file, moduleOf(method))
      const hold = { for: '20s', replay: { file } }
      return { name: method, match: { path: `/${method}` }, upstreams: [upstream.url], hold }
    })
    await using holdfast = await startHoldfast({
      config: { workers: 1, routes: [...routes, { name: 'other', upstreams: [other.url] }] },
    })
    writeFileSync(join(folder, 'now'), '')
    const before = holdfast.workers()
    await using bystander = wsClient(holdfast.url)
    await bystander.opened
    const clients = new Map<string, WsClient>()
    for (const method of methods) {
      const client = wsClient(`${holdfast.url}/${method}`)
      clients.set(method, client)
      await client.opened
    }
    for (const client of clients.values()) if (!client.ending) client.send('hello')
    const told = async (...some: (typeof methods)[number][]) => {
      for (const method of some) {
        expect(await clients.get(method)!.closed, method).toMatchObject({
          code: 1011,
          reason: 'internal error',
        })
      }
    }
    await told('create', 'onClient', 'onUpstream')
    for (const socket of upstream.sockets) socket.terminate()
    await told('answer', 'replay', 'rest')
    const swallowing = clients.get('swallow')!
    await expect.poll(() => upstream.sockets.size).toBeGreaterThan(0)
    swallowing.send('hello again')
    await told('swallow')

    bystander.send('still there')
    expect(await bystander.message()).toBe('still there')
    expect(holdfast.workers()).toEqual(before)
    const faults = holdfast.log.filter(({ msg }) => msg === 'fault in a connection')
    expect(faults.map(({ route }) => route).toSorted()).toEqual(methods.toSorted())
  } finally {
    rmSync(folder, { recursive: true })
  }
})
