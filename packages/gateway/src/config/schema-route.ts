import { closeCode, code, mayTravel, rangeOf } from '@holdfast/close-codes'
import { z } from 'zod'
import type { ReplayOptions, UpstreamOptions } from '../core/index.ts'
import { replayProtocols } from '../hold/replay/index.ts'
import {
  originPattern,
  pathPattern,
  readHostPattern,
  readOrigin,
  readPathPattern,
  readUpstream,
  upstreamPattern,
} from './addresses.ts'
import { show, Wrong } from './errors.ts'
import {
  always,
  choice,
  duration,
  flag,
  type Issues,
  list,
  report,
  section,
  size,
  text,
  whole,
} from './fields.ts'
import { auth } from './schema-auth.ts'
import { changesFault, headers, host, rewrite, strip, upstreamTls } from './schema-changes.ts'
import {
  balancePattern,
  bindPattern,
  durationText,
  ratePattern,
  readBalance,
  readBind,
  readProtocol,
  readRate,
  tokenPattern,
} from './units.ts'

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A name goes into metrics, logs, addresses of the API and command lines, so it needs quoting in none of them. */
function readName(value: string): string | Wrong {
  if (nameForm.test(value)) return value
  return new Wrong(`must be 1 to 64 letters, digits, dots, dashes or underscores, not ${show(value)}`)
}

function readProbePath(value: string): string | Wrong {
  if (/^\/[!-"$-~]*$/.test(value)) return value
  return new Wrong(`must be a path such as /ws, percent-encoded where needed, not ${show(value)}`)
}

const match = section({
  host: text('a host such as chat.example.com or *.example.com', readHostPattern)
    .optional()
    .describe('Host to match: exact, or *.example.com for every name below it. Without it: every host.'),
  path: text('a path such as /ws or /ws/*', readPathPattern, pathPattern)
    .optional()
    .describe('Path to match: exact, or a beginning followed by *. Without it: every path.'),
})

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

const upstream = z.union(
  [url.transform((target): UpstreamOptions => ({ ...target, weight: 1 })), upstreamSection],
  {
    error: () => 'must be a URL such as ws://localhost:3000, or a mapping with url or dns',
  },
)

/** Names that stand twice in a list; a second upstream or route of one name could not be told from the first. */
function distinct(what: string, fix: string) {
  return (entries: { name?: unknown }[], ctx: Issues): void => {
    const names = entries.map((entry) => entry?.name)
    for (const [index, name] of names.entries()) {
      if (typeof name !== 'string' || names.indexOf(name) === index) continue
      const path = what === 'route' ? [index, 'name'] : [index]
      report(ctx, new Wrong(`is a second ${what} ${show(name)}`, fix), path)
    }
  }
}

const health = section({
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

const keepaliveSection = section({
  ping: duration().prefault('25s').describe('Silence of a side after which it gets a Ping.'),
  timeout: duration()
    .prefault('10s')
    .describe('Time from the Ping after which a side that stays silent counts as gone.'),
})

const keepalive = z
  .union([keepaliveSection, z.literal([false, 'off'])], {
    error: () => 'must be { ping, timeout }, or off',
  })
  .transform((value) => (typeof value === 'object' ? value : false))

const lastCode = 4999

function sendableCode(usual: number) {
  return whole(code.normalClosure, lastCode)
    .superRefine((value, ctx) => {
      const fault = codeFault(value, usual)
      if (fault) report(ctx, fault)
    })
    .default(usual)
}

function codeFault(value: number, usual: number): Wrong | undefined {
  if (rangeOf(value)?.id !== 'protocol') return undefined
  if (!mayTravel(value)) return new Wrong(`must not be ${value}, which never stands in a Close frame`)
  const known = closeCode(value)
  if (!known) {
    return new Wrong(
      `must not be ${value}, which is not assigned`,
      `write ${usual}, or one from 3000 to 4999`,
    )
  }
  if (known.sentBy.some((sender) => sender !== 'client')) return undefined
  return new Wrong(`must not be ${value} (${known.name}), which a server does not send`)
}

const closeCodes = section({
  badGateway: sendableCode(code.badGateway).describe('Sent when no upstream can serve the client.'),
  restart: sendableCode(code.serviceRestart).describe('Sent when the gateway drains the connection.'),
  tryAgain: sendableCode(code.tryAgainLater).describe('Sent when a limit is reached or an upstream is busy.'),
})

/** Codes after which nobody may be held: a backend that means them wants the client gone, or never sends them. */
const neverHeld: readonly number[] = [code.normalClosure, code.policyViolation]

const departure = z.union(
  [
    whole(code.normalClosure, lastCode).superRefine((value, ctx) => {
      if (neverHeld.includes(value) || !mayTravel(value)) {
        report(ctx, new Wrong(`must not be ${value}, which always reaches the client`, 'leave it out'))
      }
    }),
    z.literal('lost'),
  ],
  { error: () => 'must be a close code such as 1012, or lost' },
)

const replaySection = z
  .union(
    [
      section({ first: whole(1, 1000).describe("The client's first so many messages are sent again.") }),
      section({
        file: text('a path', (value) => value).describe(
          'An ES module of your own, relative to the configuration file.',
        ),
      }),
      choice(['auto', 'none', ...replayProtocols]),
    ],
    {
      error: () =>
        `must be auto, none, { first: N }, { file: PATH }, or one of ${replayProtocols.join(', ')}`,
    },
  )
  .transform((value): ReplayOptions => {
    if (value === 'auto' || value === 'none') return { by: value }
    if (typeof value === 'string') return { by: 'protocol', name: value }
    return 'first' in value ? { by: 'first', messages: value.first } : { by: 'file', path: value.file }
  })

/** The thresholds at which a client acknowledges must fit. */
const minResumeBuffer = 16 * 1024

const hold = section({
  for: duration().prefault('30s').describe('Time after which a client without an upstream is told 1012.'),
  on: list(departure, 'close code, or lost')
    .default([code.serviceRestart, 'lost'])
    .describe('Close codes of the upstream after which the client is held; lost: its TCP ended without one.'),
  stopping: z
    .boolean()
    .default(true)
    .describe(
      'A Close with 1000, 1001, none or a private code counts as a restart when the upstream is found to be stopping; ' +
        'to know that, the client waits for the Close up to a second.',
    ),
  state: choice(['auto', 'none'])
    .default('auto')
    .describe(
      'auto: a client goes on only when a replay or the new upstream (Holdfast-Restored) has restored its session, ' +
        'else it is told 1012. none: every message stands for itself, and it always goes on.',
    ),
  buffer: size()
    .prefault('256KiB')
    .describe('Bytes of the client kept for the next upstream; then it is not read any more.'),
  replay: replaySection
    .prefault('auto')
    .describe('What the next upstream is told again. auto: what fits the protocol, where it is recognised.'),
})

const resume = section({
  for: duration()
    .prefault('60s')
    .describe('Time for which the session of a client without a connection is kept.'),
  buffer: size(minResumeBuffer)
    .prefault('1MiB')
    .describe(
      'Bytes of unacknowledged messages kept for one client; then its upstream is not read any more.',
    ),
  total: size()
    .prefault('256MiB')
    .describe(
      'Bytes in all for clients without a connection, in each worker; past it those that wait longest are given up.',
    ),
  stall: duration()
    .prefault('2m')
    .describe('Time in which a client must acknowledge something; then it is told 1008, and may come back.'),
  bind: text('cookie:NAME or header:NAME', readBind, bindPattern)
    .optional()
    .describe('A client comes back only with the same value of this cookie or header; else it is told 3000.'),
}).superRefine(({ buffer, total }, ctx) => {
  if (total < buffer)
    report(ctx, new Wrong(`must not be less than resume.buffer (${buffer} bytes), not ${total}`), ['total'])
})

const limits = section({
  connections: whole(1).optional().describe('Open connections of the route.'),
  perAddress: whole(1).optional().describe('Open connections of one client address on the route.'),
  handshakesPerSecond: whole(1).optional().describe('New connections a second on the route.'),
  waiting: whole(1)
    .optional()
    .describe('Clients of the route that may wait for an upstream, or for their Close. 10000 unless given.'),
  messageBytes: size().optional().describe('Payload of one message as it travels, before decompression.'),
  messagesPerSecond: whole(1).optional().describe('Messages a second that one client may send.'),
})

/** A duration, or off; false when it is off. */
function durationOrOff() {
  return z
    .union([duration(), z.literal([false, 'off'])], { error: () => 'must be a duration such as 5m, or off' })
    .transform((value) => (typeof value === 'number' ? value : false))
}

const wait = z
  .union([duration(0), z.literal([false, 'off', 0])], {
    error: () => 'must be a duration such as 5s, or off',
  })
  .transform((value) => (typeof value === 'number' ? value : 0))

const timeouts = section({
  connect: duration().prefault('2s').describe('For TCP and TLS to an upstream.'),
  handshake: duration().prefault('5s').describe("For the upstream's answer to the upgrade request."),
  close: duration().prefault('5s').describe('For the answer of either side to a Close.'),
  response: durationOrOff()
    .prefault('5m')
    .describe('Plain HTTP: from the end of a request to the head of its answer, or off.'),
  idle: durationOrOff()
    .prefault('off')
    .describe('Plain HTTP: silence of the upstream after which a request or answer is cut, or off.'),
})

const route = section({
  name: text('a name', readName, nameForm.source).describe('Names the route in metrics, logs and commands.'),
  match: match.prefault({}).describe('Which requests the route serves. Without it: all.'),
  upstreams: list(upstream, 'upstream such as ws://localhost:3000')
    .superRefine(distinct('upstream', 'list it once; a weight gives it a larger share'), always)
    .describe('The servers behind the route.'),
  balance: text('a way to balance such as least-connections', readBalance, balancePattern)
    .prefault('least-connections')
    .describe('How an upstream is picked for a new connection.'),
  attempts: whole(1, 100).default(3).describe('How many dials one client may cost before it is told.'),
  timeouts: timeouts.prefault({}).describe('How long each step may take.'),
  health: health
    .optional()
    .describe('Probes of every upstream. Without it an upstream that fails is only avoided for a while.'),
  keepalive: keepalive.prefault({}).describe('Pings to both sides of a connection, or off.'),
  rejections: choice(['pass', 'close'])
    .default('pass')
    .describe("An upstream's 3xx or 4xx: handed on as it is, or said as a close code."),
  badGateway: choice(['auto', 'close', 'http'])
    .default('auto')
    .describe(
      'How a client is told that gets no connection: as a close code, as HTTP 502, 503 or 504, or each as it understands.',
    ),
  wait: wait
    .optional()
    .describe(
      'How long a handshake waits when there is no upstream, or off. 3.5s unless given, or hold.for if longer.',
    ),
  admit: text('a rate such as 500/s, or auto', readRate, ratePattern)
    .prefault('auto')
    .describe(
      'Clients that waited are let in at this rate; auto: what the upstream can take, and nobody too late.',
    ),
  closeCodes: closeCodes
    .prefault({})
    .describe('Other close codes, for clients that do not take the usual ones.'),
  origins: list(text('an origin such as https://chat.example.com', readOrigin, originPattern), 'origin')
    .optional()
    .describe('Origins that may connect; others get HTTP 403. Without it: every origin.'),
  auth: auth
    .optional()
    .describe('A service of your own that is asked who may come in. Without it everybody may.'),
  hold: hold
    .optional()
    .describe('Clients stay connected while an upstream restarts. Without it they are told 1012 or 1014.'),
  resume: resume
    .optional()
    .describe(
      'A client that speaks holdfast.v1 comes back to its session after its network broke. Without it: no sessions.',
    ),
  limits: limits.prefault({}).describe('Limits of the route. Each without a value is off.'),
  strip,
  rewrite,
  host,
  headers,
})
  .superRefine(changesFault)
  .superRefine(({ resume, limits }, ctx) => {
    if (!resume || limits.messageBytes === undefined || limits.messageBytes <= resume.buffer) return
    const wrong = `must not be more than resume.buffer (${resume.buffer} bytes): such a message could never be kept`
    report(ctx, new Wrong(wrong), ['limits', 'messageBytes'])
  })

/** The routes of a configuration, each as the gateway uses it. */
export const routes = list(route, 'route').superRefine(
  distinct('route', 'give each route a name of its own'),
  always,
)
