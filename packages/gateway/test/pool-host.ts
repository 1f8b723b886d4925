import { fakeClock, type RouteInit, routeOptions } from '@holdfast/testing'
import type { HealthOptions } from '../src/core/options.ts'
import type { ProbeResult } from '../src/upstream/probe.ts'
import { type Upstream, UpstreamPool } from '../src/upstream/upstreams.ts'
import { clientRequest } from './dialling.ts'

export const health: HealthOptions = {
  path: '/',
  interval: 5_000,
  timeout: 2_000,
  ping: true,
  healthy: 2,
  unhealthy: 3,
}
export const log = { info() {}, warn() {}, error() {} }
export const request = clientRequest()
export const [a, b, c] = ['ws://10.0.0.1:3000', 'ws://10.0.0.2:3000', 'ws://10.0.0.3:3000'] as const
export const chat = { url: 'ws://chat.internal:3000/v1', dnsEvery: 10_000 }

/** A pool with time, names and probes in the test's hand. */
export function poolOf(init: RouteInit) {
  const clock = fakeClock()
  /** By name: addresses, or an error code. */
  const names: Record<string, string[] | string> = {}
  /** By host: words of the failure. */
  const sick: Record<string, string> = {}
  const probes: { at: number; host: string }[] = []
  const changes: string[] = []
  const pool = new UpstreamPool(routeOptions({ balance: { by: 'round-robin' }, ...init }), {
    clock,
    random: () => 0,
    log,
    lookup: async (name) => {
      const found = names[name] ?? 'ENOTFOUND'
      if (typeof found === 'string') throw Object.assign(new Error(name), { code: found })
      return found
    },
    probe: async ({ host }): Promise<ProbeResult> => {
      probes.push({ at: clock.now(), host })
      const words = sick[host]
      return words === undefined ? { ok: true } : { ok: false, words }
    },
  })
  pool.onHealthChange(({ name, healthy, lastError }) => {
    changes.push(`${name} ${healthy ? 'healthy' : `unhealthy: ${lastError}`}`)
  })
  const named = (name: string) => pool.upstreams.find((upstream) => upstream.name === name)!
  const picks = (times: number, not?: Upstream) =>
    Array.from({ length: times }, () => pool.pick(request, not)?.name).sort()
  const hosts = () => pool.upstreams.map(({ target }) => target.host)
  const fail = (name: string, times = 1) => {
    for (let i = 0; i < times; i++) pool.dialled(named(name), false, 'connection refused')
  }
  return { clock, names, sick, probes, changes, pool, named, picks, hosts, fail }
}
