// The keys of a route that change requests for its upstreams, and their answers.
import { z } from 'zod'
import type { FieldChanges, RouteChanges } from '../core/index.ts'
import { isOwned } from '../http/index.ts'
import { readPathPattern, readUpstream } from './addresses.ts'
import { show, Wrong } from './errors.ts'
import { checkCertificate, file, flag, type Issues, passphrase, report, section, text } from './fields.ts'
import { tokenPattern } from './units.ts'

const placeholders = ['{client.address}', '{session}']

/** Reads a path without `*`, and without a slash at its end: whole segments. */
function readPrefix(value: string): string | Wrong {
  const path = readPathPattern(value)
  if (path instanceof Wrong) return path
  if (path.endsWith('*')) return new Wrong(`must be a path without *, not ${show(value)}`, 'leave the * out')
  if (path === '/') return new Wrong('must not be /, which would take nothing away')
  return path.endsWith('/') ? path.slice(0, -1) : path
}

function readWholeSegments(value: string): string | Wrong {
  const path = readPathPattern(value)
  if (path instanceof Wrong || !path.endsWith('*') || path.endsWith('/*')) return path
  return new Wrong(`must end in /* and not in the middle of a segment: ${show(value)}`)
}

const path = (what: string) => text(`${what} such as /chat or /chat/*`, readWholeSegments)

export const strip = text('a path such as /chat', readPrefix)
  .optional()
  .describe('Beginning of the path that the upstream does not get. Other paths of the route go as they came.')

export const rewrite = section({
  from: path('a path').describe('Path to replace: exact, or a beginning that ends in /*.'),
  to: path('a path').describe('What stands in its place, in the same form.'),
})
  .superRefine(({ from, to }, ctx) => {
    if (from.endsWith('*') === to.endsWith('*')) return
    report(ctx, new Wrong('must end in /* like from, or both must be exact'), ['to'])
  })
  .optional()
  .describe('One path in place of another. Other paths of the route go as they came.')

function readHost(value: string): Exclude<RouteChanges['host'], undefined> | Wrong {
  if (value === 'client' || value === 'upstream') return value
  const wrong = new Wrong(`must be client, upstream, or a host such as chat.internal, not ${show(value)}`)
  if (/[/?#@\s]/.test(value)) return wrong
  const place = readUpstream(`http://${value}`)
  if (place instanceof Wrong || place.path !== '') return wrong
  return { name: place.name.slice('ws://'.length) }
}

export const host = text('client, upstream, or a host such as chat.internal', readHost)
  .optional()
  .describe(
    'The Host field for the upstream. Without it: that of the client. X-Forwarded-Host is always that.',
  )

const fieldName = new RegExp(tokenPattern)

/** What is wrong with a field's name, if anything. */
function nameFault(name: string): Wrong | undefined {
  if (!fieldName.test(name)) return new Wrong('is not the name of a field')
  if (/^host$/i.test(name)) return new Wrong('cannot be changed here', 'write host: beside headers')
  if (isOwned(name)) return new Wrong('cannot be changed: the gateway itself answers for this field')
  return undefined
}

/** A value may hold $NAME, which is filled in later: what it holds then is checked then. */
function readValue(value: string, named: readonly string[]): string | Wrong {
  if (value === '') return new Wrong('must not be empty', 'write the name under remove')
  const fault = fieldValueFault(value)
  if (fault) return fault
  const unknown = (value.match(/\{[a-z][a-z.]*\}/g) ?? []).find((one) => !named.includes(one))
  if (unknown === undefined) return value
  return new Wrong(
    named.length > 0
      ? `holds ${unknown}; known are ${named.join(' and ')}`
      : `holds ${unknown}, and nothing is filled into the fields of an answer`,
  )
}

/** RFC 9110 5.5: no line end and no NUL, no blank around it, and nothing that Latin-1 has no byte for. */
export function fieldValueFault(value: string): Wrong | undefined {
  if (/^[\t -~\x80-\xff]*$/.test(value) && value === value.trim()) return undefined
  return new Wrong('must be a text that a field can carry: one line, no blanks around it, Latin-1')
}

const asList = (value: string | string[]) => (typeof value === 'string' ? [value] : value)

function fields(named: readonly string[], several: boolean) {
  const one = text('a text', (value) => readValue(value, named))
  const value = several
    ? z.union([one, z.array(one).min(1)], { error: () => 'must be a text, or a list of texts' })
    : one
  return z
    .record(z.string(), value, { error: () => 'must be a mapping of names and values' })
    .superRefine((entries, ctx) => checkNames(Object.keys(entries), ctx))
    .transform((entries) =>
      Object.entries(entries).flatMap(([name, given]) =>
        asList(given).map((written): [string, string] => [name, written]),
      ),
    )
}

export function checkNames(
  names: readonly (string | number)[],
  ctx: Issues,
  place = (name: string | number) => name,
): void {
  for (const name of names) {
    const fault = nameFault(String(name))
    if (fault) report(ctx, fault, [place(name)])
  }
}

function changesOf(named: readonly string[]) {
  return {
    set: fields(named, false).optional().describe('Fields in place of all of their name.'),
    add: fields(named, true).optional().describe('Fields behind those that are there.'),
    remove: z
      .array(z.string({ error: () => 'must be the name of a field' }), {
        error: () => 'must be a list of names of fields',
      })
      .superRefine((names, ctx) => checkNames(names, ctx, (name) => names.indexOf(String(name))))
      .optional()
      .describe('Names of fields that are left out.'),
  }
}

export const headers = section({
  ...changesOf(placeholders),
  response: section(changesOf([]))
    .optional()
    .describe("The same for the upstream's answers, its 101 too, towards the client."),
})
  .optional()
  .describe('Fields of requests for the upstream that are set, added or left out.')

/** What does not go together in one route. */
export function changesFault(
  { strip: stripped, rewrite: rewritten, headers: changed, hold }: RouteChanges & { hold?: unknown },
  ctx: Issues,
): void {
  if (stripped !== undefined && rewritten) {
    report(ctx, new Wrong('does not go with strip', 'write one of the two'), ['rewrite'])
  }
  if (hold) return
  for (const kind of ['set', 'add'] as const) {
    // A list with a fault of its own is not read yet.
    const pairs = changed?.[kind]
    if (!Array.isArray(pairs)) continue
    for (const [name] of pairs.filter(([, value]) => value.includes('{session}'))) {
      const wrong = new Wrong('holds {session}, which only connections of a route with hold have')
      report(ctx, wrong, ['headers', kind, name])
    }
  }
}

/** Every value of a route's changes, with its place, to be filled in. */
export function changedValues(
  headers: RouteChanges['headers'],
): { path: (string | number)[]; pair: [string, string] }[] {
  const of = (changes: FieldChanges | undefined, ...at: string[]) =>
    (['set', 'add'] as const).flatMap((kind) =>
      (changes?.[kind] ?? []).map((pair) => ({ path: ['headers', ...at, kind, pair[0]], pair })),
    )
  return [...of(headers), ...of(headers?.response, 'response')]
}

/** How an upstream is dialled with TLS. */
export const upstreamTls = section({
  ca: file.optional().describe('PEM file of the authorities that may have signed its certificate.'),
  cert: file.optional().describe('PEM file with the certificate that the gateway shows it, and its chain.'),
  key: file.optional().describe('PEM file with the private key of that.'),
  pkcs12: file.optional().describe('PKCS#12 file with certificate, chain and key, in place of cert and key.'),
  passphrase: passphrase
    .optional()
    .describe('Variable, as $NAME, with the passphrase of the key or of the PKCS#12 file.'),
  serverName: text('a name such as chat.internal', readServerName)
    .optional()
    .describe('Name to ask for (SNI), which its certificate must bear. Without it: the host of the URL.'),
  verify: flag().default(true).describe('Whether its certificate is checked.'),
}).superRefine((given, ctx) => {
  const { ca, cert, key, verify } = given
  if ((cert === undefined) !== (key === undefined)) {
    report(ctx, new Wrong('must have both cert and key, or neither'))
  } else checkCertificate(given, false, ctx)
  if (ca !== undefined && !verify) {
    report(ctx, new Wrong('has no effect where verify is false', 'leave verify out'), ['ca'])
  }
})

/** That as it is written: paths, and the name of a variable. */
export type UpstreamTlsEntry = z.output<typeof upstreamTls>

function readServerName(value: string): string | Wrong {
  const place = readUpstream(`ws://${value}`)
  const wrong = new Wrong(`must be a name such as chat.internal, not ${show(value)}`)
  if (place instanceof Wrong || place.path !== '' || /[:/]/.test(value)) return wrong
  // RFC 6066 3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"".
  return /^[\d.]+$/.test(place.host) ? wrong : place.host
}
