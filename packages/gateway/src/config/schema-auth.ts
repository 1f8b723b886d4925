// The key `auth` of a route: a service of the user's own that says who may come in.
import { z } from 'zod'
import type { AuthOptions, RouteOptions } from '../core/index.ts'
import { readUpstream } from './addresses.ts'
import { type Path, Wrong } from './errors.ts'
import { choice, duration, section, text } from './fields.ts'
import { checkNames } from './schema-changes.ts'

function readUrl(value: string): AuthOptions['target'] | Wrong {
  if (/^wss?:\/\//i.test(value)) {
    return new Wrong('must be the URL of a service that speaks HTTP', 'write http://, https:// or unix:/')
  }
  const read = readUpstream(value)
  if (read instanceof Wrong) {
    return new Wrong(
      read.message.replace('ws://, wss://, http:// or https://', 'http:// or https://'),
      read.fix?.replace(/^write ws:/, 'write http:'),
    )
  }
  const { tls, host, port, path, socketPath } = read
  // A service may tell /check from /check/.
  const whole = path !== '' && value.endsWith('/') ? `${path}/` : path
  return { tls, host, port, serverName: host, path: whole, ...(socketPath !== undefined && { socketPath }) }
}

const names = z
  .array(z.string({ error: () => 'must be the name of a field' }), {
    error: () => 'must be a list of names of fields',
  })
  .superRefine((given, ctx) => checkNames(given, ctx, (name) => given.indexOf(String(name))))

export const auth = section({
  url: text('a URL such as http://localhost:9000/check', readUrl).describe(
    'URL of the service: http, https or unix:/PATH. It is asked by GET, before the upstream is.',
  ),
  headers: names
    .default([])
    .describe(
      'Fields of its answer that the upstream gets. What the client sent under these names is always removed.',
    ),
  timeout: duration().prefault('2s').describe('Time that a question may take.'),
  onError: choice(['deny', 'allow'])
    .default('deny')
    .describe('Whether a client gets in while the service does not answer.'),
  cache: duration()
    .optional()
    .describe(
      'Time for which a 2xx counts for the same request again. Without it every request is asked about.',
    ),
}).transform(({ url, ...rest }): AuthOptions => ({ target: url, ...rest }))

/** What is allowed and yet hardly meant. */
export function authWarnings({ auth: given }: RouteOptions, index: number): { path: Path; wrong: Wrong }[] {
  if (given?.onError !== 'allow') return []
  const wrong = new Wrong(
    'is allow: while the service does not answer, everybody gets in',
    'leave it out if the service keeps strangers from data',
  )
  return [{ path: ['routes', index, 'auth', 'onError'], wrong }]
}
