// The keys of a route about its servers: where they are, and how they are probed.

import { z } from 'zod'
import type { UpstreamOptions } from '../core/index.ts'
import { readUpstream, upstreamPattern } from './addresses.ts'
import { show, Wrong } from './errors.ts'
import { duration, flag, report, section, text, whole } from './fields.ts'
import { upstreamTls } from './schema-changes.ts'
import { durationText, readProtocol, tokenPattern } from './units.ts'

function readProbePath(value: string): string | Wrong {
  if (/^\/[!-"$-~]*$/.test(value)) return value
  return new Wrong(`must be a path such as /ws, percent-encoded where needed, not ${show(value)}`)
}

const url = text('a URL such as ws://localhost:3000', readUpstream, upstreamPattern)

function readNamedUpstream(text: string): ReturnType<typeof readUpstream> {
  const read = (one: string) => {
    const target = readUpstream(one)
    if (target instanceof Wrong) return target
    if (target.socketPath !== undefined)
      return new Wrong('must hold a name to look up, not a socket', 'write url in place of dns')
    if (!/^[\d.]+$|:/.test(target.host)) return target
    return new Wrong('must hold a name to look up, not an address', 'write url in place of dns')
  }
  const result = read(text)
  if (!(result instanceof Wrong)) return result
  const [, meant] = /^write (ws:\S+)$/.exec(result.fix ?? '') ?? []
  return meant && read(meant) instanceof Wrong ? new Wrong(result.message) : result
}

const weight = whole(1, 1000)

const upstreamSection = section({
  url: url
    .optional()
    .describe('URL of one server: ws, wss, http, https or unix:/PATH, and a path prefix if wanted.'),
  dns: text('a URL such as ws://chat.internal:3000', readNamedUpstream, upstreamPattern)
    .optional()
    .describe('The same, but every address of the name is a server, looked up again and again.'),
  every: duration(1000).optional().describe('With dns: time between two look-ups. 10s unless given.'),
  weight: weight.default(1).describe('Share of new connections, against the other upstreams.'),
  tls: upstreamTls.optional().describe('With wss or https: how TLS is spoken to it.'),
}).transform((entry, ctx): UpstreamOptions => {
  const place = entry.url ?? entry.dns
  if (!place || (entry.url && entry.dns)) {
    report(ctx, new Wrong('must have one of the keys url and dns'))
    return z.NEVER
  }
  if (entry.tls && !place.tls) report(ctx, new Wrong('goes with wss:// and https:// only'), ['tls'])
  const target = { ...place, ...(entry.tls && { secure: entry.tls as UpstreamOptions['secure'] }) }
  if (entry.url) {
    if (entry.every !== undefined)
      report(ctx, new Wrong('goes with dns only', 'write dns in place of url'), ['every'])
    return { ...target, weight: entry.weight }
  }
  return { ...target, weight: entry.weight, dnsEvery: entry.every ?? 10_000 }
})

export const upstream = z.union(
  [url.transform((target): UpstreamOptions => ({ ...target, weight: 1 })), upstreamSection],
  {
    error: () => 'must be a URL such as ws://localhost:3000, or a mapping with url or dns',
  },
)

export const health = section({
  path: text('a path such as /ws', readProbePath)
    .prefault('/')
    .describe("Path of the probe's upgrade request, after the upstream's own path prefix."),
  protocol: text('a subprotocol such as chat.v2', readProtocol, tokenPattern)
    .optional()
    .describe('Subprotocol that the probe offers and expects back.'),
  interval: duration().prefault('5s').describe('Time between two probes of an upstream.'),
  timeout: duration().prefault('2s').describe('Time that a whole probe may take.'),
  ping: flag().default(true).describe('Whether a probe sends a Ping and waits for its Pong.'),
  healthy: whole(1, 100).default(2).describe('Good probes in a row that bring an upstream back.'),
  unhealthy: whole(1, 100)
    .default(3)
    .describe('Failures in a row, of probes or dials, that take an upstream out.'),
}).superRefine(({ timeout, interval }, ctx) => {
  if (timeout <= interval) return
  const wrong = `must not be longer than health.interval (${durationText(interval)}), not ${durationText(timeout)}`
  report(ctx, new Wrong(wrong), ['timeout'])
})
