import { z } from 'zod'
import { type AdminOptions, type HostPort, type ListenOptions, unixPath } from '../core/index.ts'
import { defaultPending } from '../listen/index.ts'
import {
  collide,
  isLoopback,
  listenPattern,
  readListenAddress,
  readRange,
  readSessions,
} from './addresses.ts'
import { Wrong } from './errors.ts'
import { always, duration, flag, type Issues, list, report, section, size, text, whole } from './fields.ts'
import { acme, stateDirectory } from './schema-acme.ts'
import { fleet } from './schema-fleet.ts'
import { log } from './schema-log.ts'
import { routes } from './schema-route.ts'
import { listenTls } from './schema-tls.ts'
import { bearerToken, durationText, readShare, sharePattern } from './units.ts'
import { readMode, readOwner } from './unix-socket.ts'

// Every key of a configuration, with its default. From this come the validation, the JSON Schema for editors and
// the list of keys that the documentation is checked against. `prefault` gives a default as a user would write it.

const listenAddress = text('HOST:PORT such as 127.0.0.1:8080', readListenAddress, listenPattern)

const mode = z
  .union([whole(600, 777).transform(String), z.string()], {
    error: () => "must be octal digits such as '0660'",
  })
  .transform((value, ctx) => {
    const read = readMode(value)
    if (!(read instanceof Wrong)) return read
    report(ctx, read)
    return z.NEVER
  })

/** The keys of a socket's file. */
function rights(otherwise: string) {
  return {
    mode: mode
      .optional()
      .describe(`With unix:/PATH: the mode of its file, octal digits such as '0660'; else ${otherwise}`),
    owner: text('user, user:group or :group', readOwner)
      .optional()
      .describe('With unix:/PATH: who owns its file: user, user:group or :group, names or numbers.'),
  }
}

function checkRights(
  { address: at, mode: bits, owner }: { address: HostPort; mode?: number; owner?: object },
  ctx: Issues,
): void {
  if (typeof at !== 'object' || unixPath(at.host) !== undefined) return
  if (bits !== undefined) report(ctx, new Wrong('goes with unix:/PATH only'), ['mode'])
  if (owner !== undefined) report(ctx, new Wrong('goes with unix:/PATH only'), ['owner'])
}

/** A listener as it is written: the files that it names are still to be read. */
export interface ListenEntry
  extends Omit<ListenOptions, 'tls' | 'clientCertificates'>,
    z.output<typeof listenTls> {}

const plainListener = listenAddress.transform((at): ListenEntry => ({ ...at, proxyProtocol: false }))

const listener = section({
  address: listenAddress.describe(
    'HOST:PORT to listen on, where port 0 lets the system choose, or unix:/PATH.',
  ),
  ...listenTls.shape,
  proxyProtocol: flag()
    .default(false)
    .describe('Every connection must open with a PROXY protocol v1 or v2 header.'),
  ...rights('what the umask leaves.'),
})
  .superRefine(checkRights)
  .superRefine(({ tls: secured, clientCertificates }, ctx) => {
    if (!clientCertificates || secured) return
    const wrong = new Wrong('needs tls: without it no client shows a certificate')
    report(ctx, wrong, ['clientCertificates'])
  })
  .transform(({ address: at, ...rest }): ListenEntry => ({ ...at, ...rest }))

const listenError = {
  error: () => 'must be HOST:PORT such as 127.0.0.1:8080, or a list of such',
}

/** One entry of `listen` when that is a list. */
export const listenEntry = z.union([plainListener, listener], listenError)

const listen = z.union(
  [plainListener.transform((one) => [one]), list(listenEntry, 'address').superRefine(distinct, always)],
  listenError,
)

function distinct(listeners: Partial<ListenEntry>[], ctx: Issues): void {
  for (const [index, one] of listeners.entries()) {
    const earlier = listeners.slice(0, index).findIndex((other) => collide(other, one))
    if (earlier < 0) continue
    report(ctx, new Wrong(`listens on the same port as listen[${earlier}]`, 'remove one of them'), [index])
  }
}

/** A token is a secret, so no message shows it. */
function readToken(value: string): string | Wrong {
  if (/^\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})$/.test(value) || bearerToken.test(value)) return value
  const fix = value.startsWith('$')
    ? 'name a variable as $NAME, and nothing beside it'
    : 'use letters, digits and - . _ ~ + / only'
  return new Wrong('must be a token that an Authorization header can carry, or a variable such as $NAME', fix)
}

/** What is wrong with an admin port that others can reach, if anything. */
export function adminFault(admin: AdminOptions | false): Wrong | undefined {
  if (admin === false || admin.token !== undefined) return undefined
  if (isLoopback(admin.host) || unixPath(admin.host) !== undefined) return undefined
  return new Wrong(
    `must have a token, since ${admin.host} can be reached from other machines`,
    'give { address, token: $HOLDFAST_ADMIN_TOKEN } in a configuration file, or use 127.0.0.1',
  )
}

const adminText = text(
  'HOST:PORT, unix:/PATH, or off',
  (value): AdminOptions | false | Wrong => (value === 'off' ? false : readListenAddress(value)),
  `${listenPattern}|^off$`,
)

const adminSection = section({
  address: listenAddress.describe('HOST:PORT or unix:/PATH of the admin API, the metrics and the dashboard.'),
  token: text('a token, or a variable such as $NAME', readToken)
    .optional()
    .describe('Bearer token of the API: the text itself, or $NAME for an environment variable.'),
  ...rights('0600, the user that runs the gateway.'),
})
  .superRefine(checkRights)
  .transform(({ address: at, ...rest }): AdminOptions => ({ ...at, ...rest }))

const admin = z
  .union([adminText, adminSection, z.literal(false)], {
    error: () => 'must be HOST:PORT, unix:/PATH, { address, token }, or off',
  })
  .superRefine((value, ctx) => {
    const fault = adminFault(value)
    if (fault) report(ctx, fault)
  })

const retry = z
  .tuple([duration(0), duration(0)], { error: () => 'must be two durations, the least and the greatest' })
  .superRefine(([least, greatest], ctx) => {
    if (least <= greatest) return
    const [low, high] = [greatest, least].map(durationText)
    report(ctx, new Wrong('must have the lesser duration first', `write [${low}, ${high}]`))
  })

const drain = section({
  spread: duration(0).prefault('5s').describe('Time over which the closes are spread.'),
  deadline: duration().prefault('30s').describe('Time after which what is left is cut.'),
  retry: retry
    .prefault(['1s', '5s'])
    .describe('The least and the greatest delay that clients are told to wait before they come back.'),
}).superRefine(({ spread, deadline }, ctx) => {
  if (spread < deadline) return
  const wrong = `must be shorter than drain.deadline (${durationText(deadline)}), not ${durationText(spread)}`
  report(ctx, new Wrong(wrong), ['spread'])
})

const upgrade = section({
  canary: text('a percentage such as 1%, or off', readShare, sharePattern)
    .prefault('1%')
    .describe('Which part of the connections moves first, to try the new version; off: all move at once.'),
  settle: duration()
    .prefault('3s')
    .describe('How long old workers stay behind a new version, to serve again if one of its workers ends.'),
  carry: duration()
    .prefault('24h')
    .describe('How long an old worker carries what cannot move: TLS, HTTP/2, wss upstreams.'),
  carriers: whole(0, 100)
    .default(3)
    .describe('How many generations of workers may carry; 0: what cannot move ends at drain.deadline.'),
  memory: size().prefault('1GiB').describe('How much memory all carriers may use together.'),
})

const pending = section({
  connections: whole(1)
    .default(defaultPending.connections)
    .describe('How many there may be; then the oldest is closed.'),
  perAddress: whole(1)
    .default(defaultPending.perAddress)
    .describe('How many of one address there may be; trusted proxies are not counted.'),
  timeout: duration()
    .prefault('10s')
    .describe('Time from the accept to the end of the first request head, TLS and PROXY header included.'),
})

/** Each key by itself; also for flags, which give a few of them. */
export const keys = {
  $schema: z.string().optional().describe('Where editors find the JSON Schema. Not read by Holdfast.'),
  listen: listen.prefault('127.0.0.1:8080').describe('Where to listen: HOST:PORT, or a list of listeners.'),
  admin: admin
    .prefault('127.0.0.1:10120')
    .describe('The admin port, or off. Off the loopback a token is compulsory.'),
  workers: z
    .union([z.literal('auto'), whole(1, 256)], {
      error: () => 'must be auto or a whole number from 1 to 256',
    })
    .default('auto')
    .describe('How many worker processes; auto is one per core.'),
  trustedProxies: list(text('an address or a range', readRange), 'address or range')
    .optional()
    .describe('Addresses and CIDR ranges whose Forwarded and X-Forwarded headers are believed.'),
  pending: pending
    .prefault({})
    .describe('Sockets without a whole request yet, of each listener in each worker.'),
  drain: drain.prefault({}).describe('How the gateway lets go of its connections.'),
  log: log.optional().describe('The access log. Without it there is none.'),
  acme: acme
    .optional()
    .describe('Certificates that are obtained and renewed by themselves, for listeners with tls: auto.'),
  stateDirectory: stateDirectory
    .optional()
    .describe(
      'Folder that survives restarts, relative to the configuration file: certificates of acme, and their keys.',
    ),
  upgrade: upgrade.prefault({}).describe('What becomes of connections in a live upgrade.'),
  fleet: fleet.optional().describe('Other gateways that share a store with this one. Without it: alone.'),
  sessions: text('memory', readSessions, '^memory$')
    .prefault('memory')
    .describe('Where resumable sessions are kept.'),
  include: z
    .union([z.string(), list(z.string(), 'file')])
    .optional()
    .describe('More files of the configuration, such as routes/*.yaml, relative to this one.'),
  routes: routes.describe('The routes; the first that matches a request serves it.'),
}

/** A whole configuration as written; a token and TLS files are still to be looked up. */
export const configSchema = section(keys).superRefine(
  ({ listen: listeners, admin: operator, fleet: shared, routes: all }, ctx) => {
    for (const [index, route] of Array.isArray(all) ? all.entries() : []) {
      if (route?.limits?.scope === 'fleet' && !shared)
        report(ctx, new Wrong('is fleet, and there is no fleet'), ['routes', index, 'limits', 'scope'])
    }
    if (!operator || !Array.isArray(listeners)) return
    const index = listeners.findIndex((one) => collide(one, operator))
    if (index >= 0) report(ctx, new Wrong(`uses the same port as listen[${index}]`), ['admin'])
  },
  { when: ({ value }) => typeof value === 'object' && value !== null },
)

/** A configuration that has passed the schema. */
export type Config = z.output<typeof configSchema>
