// What an idle connection does not own: its handshake. Memory is what the gateway has most of per client.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { type Wire, wireOf } from '../src/wire/index.ts'
import { dialListener, handshakeText, listenerHost } from './listener-host.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('a connection that was accepted does not keep its handshake alive', async () => {
  let wire: Wire | undefined
  const parts: Record<string, WeakRef<object>> = {}
  await using host = await listenerHost({
    deps: {
      onUpgrade: (handshake) => {
        parts.handshake = new WeakRef(handshake)
        parts.request = new WeakRef(handshake.request)
        parts.signal = new WeakRef(handshake.signal)
        wire = wireOf(handshake.accept({ headers: [] }))
      },
    },
  })
  const client = await dialListener(host)
  client.write(handshakeText())
  const left = () => {
    if (!wire) return ['no handshake']
    collectGarbage()
    return Object.keys(parts).filter((name) => parts[name]!.deref())
  }
  await expect.poll(left, { interval: 20 }).toEqual([])
  expect(wire!.destroyed).toBe(false)
  expect(host.listener.pending).toBe(0)
  client.destroy()
})
