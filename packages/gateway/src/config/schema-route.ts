import { z } from 'zod'
import { originPattern, pathPattern, readHostPattern, readOrigin, readPathPattern } from './addresses.ts'
import { show, Wrong } from './errors.ts'
import { always, choice, duration, type Issues, list, report, section, size, text, whole } from './fields.ts'
import { auth } from './schema-auth.ts'
import { changesFault, headers, host, rewrite, strip } from './schema-changes.ts'
import { closeCodes } from './schema-codes.ts'
import { hold, resume } from './schema-hold.ts'
import { health, upstream } from './schema-upstream.ts'
import { balancePattern, ratePattern, readBalance, readRate } from './units.ts'

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

/** A name goes into metrics, logs, addresses of the API and command lines, so it needs quoting in none of them. */
function readName(value: string): string | Wrong {
  if (nameForm.test(value)) return value
  return new Wrong(`must be 1 to 64 letters, digits, dots, dashes or underscores, not ${show(value)}`)
}

const match = section({
  host: text('a host such as chat.example.com or *.example.com', readHostPattern)
    .optional()
    .describe('Host to match: exact, or *.example.com for every name below it. Without it: every host.'),
  path: text('a path such as /ws or /ws/*', readPathPattern, pathPattern)
    .optional()
    .describe('Path to match: exact, or a beginning followed by *. Without it: every path.'),
})

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

const limits = section({
  scope: choice(['node', 'fleet'])
    .optional()
    .describe(
      'Over what connections, perAddress and handshakesPerSecond count: node, this gateway (as without it), or fleet.',
    ),
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
