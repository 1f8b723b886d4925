import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock, gatewayOptions } from '@holdfast/testing'
import { pino } from 'pino'
import { afterAll, expect, test } from 'vitest'
import type { RouteOptions } from '../src/core/options.ts'
import { HoldEvents } from '../src/hold/hold-events.ts'
import { RouteState } from '../src/session/route-state.ts'
import { UpstreamPool } from '../src/upstream/upstreams.ts'

const folder = mkdtempSync(join(tmpdir(), 'replay-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A route with a module of the user's that says whether it needs the upstream's messages, so that it is known again. */
function routeWith(name: string, needsUpstream: boolean, before = ''): RouteOptions {
  const path = join(folder, `${name}.mjs`)
  writeFileSync(path, `${before}\nexport default { create() {}, needsUpstream: ${needsUpstream} }`)
  const hold = {
    for: 1000,
    on: [1012],
    buffer: 1,
    state: 'auto' as const,
    replay: { by: 'file' as const, path },
  }
  return gatewayOptions({ upstreams: ['ws://127.0.0.1:1'], hold }).routes[0]!
}

test('of two replay modules that are loaded at the same time the one that was asked for last counts', async () => {
  const gate: { open?: () => void } = {}
  const opened = new Promise<void>((resolve) => {
    gate.open = resolve
  })
  Object.assign(globalThis, { routeStateGate: opened })
  const slow = routeWith('slow', true, 'await globalThis.routeStateGate')
  const fast = routeWith('fast', false)
  const clock = fakeClock()
  const log = pino({ enabled: false })
  const pool = new UpstreamPool(slow, { clock, random: Math.random, log })
  const state = new RouteState(slow, pool, new HoldEvents({ route: 'r', clock, log, emit() {} }), {
    clock,
    random: Math.random,
  })
  state.configure(fast)
  expect((await state.ready()).replay?.needsUpstream).toBe(false)
  gate.open!()
  await import(join(folder, 'slow.mjs'))
  await new Promise((resolve) => setImmediate(resolve))
  expect((await state.ready()).replay?.needsUpstream).toBe(false)
  // Both are known by now, and count at once.
  state.configure(slow)
  expect((await state.ready()).replay?.needsUpstream).toBe(true)
})
