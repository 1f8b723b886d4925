// The key `fleet`: several gateways that share a store.
import { isIP } from 'node:net'
import { z } from 'zod'
import { type FleetStoreOptions, type HostPort, isPrivateAddress } from '../core/index.ts'
import { addressPattern, readAddress } from './addresses.ts'
import { show, Wrong } from './errors.ts'
import { duration, file, list, report, section, text } from './fields.ts'

const variable = /^\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})$/
/** `$$` is a dollar. */
const reference = /\$(?:\$|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/g
const storeForm =
  /^(?:redis|valkey)(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^\s@/:]*)(?::([^\s@/]*))?@)?([^\s@/?#]+)(?:\/([^\s/?#]*))?(?:\/(\d{1,4}))?$/i
const usualPort = { single: 6379, sentinel: 26_379, cluster: 6379 }
const storePattern = '^\\$\\{?[A-Za-z_]\\w*\\}?$|^(redis|valkey)s?(\\+(sentinel|cluster))?://[^\\s]+$'

/**
 * Reads `redis://user:password@10.0.0.1:6379/0`, `redis+sentinel://a,b,c/primary`, `rediss+cluster://a,b`. A URL may hold a
 * password, so no message shows it.
 */
export function readStore(url: string): FleetStoreOptions | Wrong {
  const [, tls, words, user, password, hosts, first, second] = storeForm.exec(url) ?? []
  if (hosts === undefined)
    return new Wrong(
      'must be a URL such as redis://10.0.0.5:6379, rediss://…, redis+sentinel://A,B,C/PRIMARY or redis+cluster://A,B,C',
    )
  const kind = (words?.toLowerCase() ?? 'single') as FleetStoreOptions['kind']
  const nodes = readNodes(hosts, usualPort[kind])
  if (nodes instanceof Wrong) return nodes
  const login = [user, password].map(decoded)
  if (login.includes(null))
    return new Wrong('has % in its user or password where it means nothing: write %25')
  const place = readPlace(kind, nodes.length, first, second)
  if (place instanceof Wrong) return place
  if (!tls) {
    const open = nodes.find(({ host }) => isIP(host) !== 0 && !isPrivateAddress(host))
    if (open)
      return new Wrong(`speaks clear text to ${open.host}, which is no private address`, 'write rediss://')
  }
  return {
    kind,
    nodes,
    tls: tls !== '',
    ...(login[0] && { username: login[0] }),
    ...(login[1] && { password: login[1] }),
    ...place,
  }
}

function readNodes(hosts: string, port: number): HostPort[] | Wrong {
  const nodes: HostPort[] = []
  for (const host of hosts.split(',')) {
    const node = readAddress(/:\d+$/.test(host) && !host.endsWith(']') ? host : `${host}:${port}`)
    if (node instanceof Wrong)
      return new Wrong(`must name each server as HOST or HOST:PORT, not ${show(host)}`)
    nodes.push(node)
  }
  return nodes
}

/** Which database, or which primary: what stands behind the servers. */
function readPlace(
  kind: FleetStoreOptions['kind'],
  nodes: number,
  first: string | undefined,
  second: string | undefined,
): Pick<FleetStoreOptions, 'database' | 'primary'> | Wrong {
  if (kind === 'sentinel') {
    if (!first)
      return new Wrong('must name the primary as the Sentinels do', 'write it behind them: …/mymaster')
    return { primary: first, ...(second && { database: Number(second) }) }
  }
  if (second !== undefined) return new Wrong('has more than a database behind its servers')
  if (kind === 'cluster')
    return first ? new Wrong('has a database, and a cluster has only one', 'leave it out') : {}
  if (nodes > 1) return new Wrong('names several servers', 'write redis+sentinel:// or redis+cluster://')
  if (first && !/^\d{1,4}$/.test(first))
    return new Wrong('has something behind its server that is no number of a database')
  return first ? { database: Number(first) } : {}
}

/** Null: it is percent-encoded wrongly. */
function decoded(value: string | undefined): string | undefined | null {
  try {
    return value === undefined ? undefined : decodeURIComponent(value)
  } catch {
    return null
  }
}

/** As it is written: what variables hold is still to be filled in. */
function checkStore(value: string): string | Wrong {
  if (variable.test(value)) return value
  const read = readStore(value.replaceAll(reference, 'x'))
  return read instanceof Wrong ? read : value
}

/** The text with the variables that it names; `missing` are those that are not set. */
export function filledStore(
  written: string,
  env: Readonly<Record<string, string | undefined>>,
): { url: string; missing: string[] } {
  const missing: string[] = []
  const whole = variable.test(written)
  const url = written.replaceAll(reference, (_, plain?: string, braced?: string) => {
    const name = plain ?? braced
    const value = name === undefined ? '$' : env[name]
    if (name !== undefined && !value) missing.push(name)
    return whole ? (value ?? '') : encodeURIComponent(value ?? '')
  })
  return { url, missing }
}

function readVariable(value: string): string | Wrong {
  if (variable.test(value)) return value
  return new Wrong('must be a variable such as $HOLDFAST_FLEET_SECRET', 'set it where holdfast is started')
}

const secret = text('a variable such as $HOLDFAST_FLEET_SECRET', readVariable)

const secrets = z.union([secret.transform((one) => [one]), list(secret, 'variable').max(3)], {
  error: () => 'must be a variable such as $HOLDFAST_FLEET_SECRET, or a list of such',
})

function readFleetName(value: string): string | Wrong {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(value)) return value
  return new Wrong(`must be letters, digits and - . _ (63 at most), not ${show(value)}`)
}

export const fleet = section({
  name: text('a name', readFleetName).describe(
    'Names the fleet: gateways with the same name in the same store belong together.',
  ),
  store: text('a URL such as redis://10.0.0.5:6379', checkStore, storePattern).describe(
    'URL of the Redis or Valkey that they share, or a variable, as $NAME, that holds it.',
  ),
  secret: secrets.describe(
    'Variable, as $NAME, with the secret of all its nodes; or a list, of which the first encrypts and all decrypt.',
  ),
  listen: text('HOST:PORT such as 10.0.0.5:10130', readAddress, addressPattern)
    .optional()
    .describe(
      'Where this node listens for the others: a client that comes back to any of them finds its session. Without it: only here.',
    ),
  tls: section({
    ca: file
      .optional()
      .describe(
        'PEM file of the authorities that may have signed the certificates of the store and of the nodes.',
      ),
    cert: file.optional().describe('PEM file with the certificate that this gateway shows them.'),
    key: file.optional().describe('PEM file with the private key of that certificate.'),
  })
    .superRefine(({ cert, key }, ctx) => {
      if ((cert === undefined) !== (key === undefined))
        report(ctx, new Wrong('must have cert and key, or neither'), [cert === undefined ? 'cert' : 'key'])
    })
    .optional()
    .describe('TLS to the store, with rediss, and between the nodes, where there is a certificate.'),
  drainWait: duration(0)
    .prefault('1m')
    .describe('How long a node that drains waits at most while another one sheds its connections.'),
}).superRefine(({ listen, tls, store }, ctx) => {
  const secureStore = /^(?:\$|(?:redis|valkey)s[+:])/i.test(store)
  if (tls && !listen && !secureStore)
    report(ctx, new Wrong('goes with rediss:// or fleet.listen only'), ['tls'])
  if (!listen) return
  if (tls && !tls.cert && !secureStore)
    report(ctx, new Wrong('must have cert and key: the nodes show them to each other'), ['tls'])
  if (tls?.cert && !tls.ca)
    report(ctx, new Wrong('must have ca, which has signed the certificates of all nodes'), ['tls'])
  if (listen.host === '0.0.0.0' || listen.host === '::')
    report(ctx, new Wrong('must be an address at which others find this node, not that of every interface'), [
      'listen',
    ])
  else if (!tls?.cert && isIP(listen.host) !== 0 && !isPrivateAddress(listen.host))
    report(
      ctx,
      new Wrong(
        `is clear text at ${listen.host}, which is no private address`,
        'give fleet.tls with cert, key and ca',
      ),
      ['listen'],
    )
})

export type FleetEntry = z.output<typeof fleet>
