// The key `acme`: certificates that are obtained by themselves, and what does not go together with them.
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { isIP } from 'node:net'
import { dirname } from 'node:path'
import { z } from 'zod'
import { type GatewayOptions, unixPath } from '../core/index.ts'
import { readHostPattern } from './addresses.ts'
import { type Path, show, Wrong } from './errors.ts'
import { choice, file, flag, list, report, section, text } from './fields.ts'
import { isAuto } from './schema-tls.ts'

/** Words for directories that many use. */
const known: Record<string, string> = {
  letsencrypt: 'https://acme-v02.api.letsencrypt.org/directory',
  'letsencrypt-staging': 'https://acme-staging-v02.api.letsencrypt.org/directory',
}

function readDirectory(value: string): string | Wrong {
  const url = known[value] ?? value
  if (!/^https:\/\//i.test(url) || !URL.canParse(url) || /[\s?#@]/.test(url)) {
    const words = Object.keys(known).join(', ')
    // RFC 8555 6.1: "Communications between an ACME client and an ACME server are done over HTTPS".
    return new Wrong(`must be the https URL of a directory, or one of ${words}, not ${show(value)}`)
  }
  return new URL(url).href
}

function readName(value: string): string | Wrong {
  const name = readHostPattern(value)
  if (name instanceof Wrong) return new Wrong(`must be a name such as chat.example.com, not ${show(value)}`)
  return whyNoName(name) ?? name
}

/** Why no certificate for this host can be had here. */
function whyNoName(host: string): Wrong | undefined {
  if (host.startsWith('*.')) {
    return new Wrong(
      `is a wildcard (${host}): authorities give certificates for such by DNS-01 only, which is not spoken here`,
      'list each name in acme.names, or use a certificate from elsewhere: tls: { cert, key }',
    )
  }
  if (isIP(host.replace(/^\[|\]$/g, '')) === 0) return undefined
  return new Wrong(`is an address (${host}), and certificates are obtained for names only`, 'use a name')
}

function readEmail(value: string): string | Wrong {
  if (/^[^\s@,;?&<>"\\]{1,100}@[^\s@,;?&<>"\\]{1,200}$/.test(value)) return value
  return new Wrong(`must be one address such as admin@example.com, not ${show(value)}`)
}

/** A secret, so no message shows it. */
function readKey(value: string): string | Wrong {
  if (/^\$[A-Za-z_][A-Za-z0-9_]*$/.test(value)) return value
  return new Wrong('must be a variable such as $ACME_HMAC_KEY', 'set it where holdfast is started')
}

const externalAccount = section({
  keyId: z.string({ error: () => 'must be a text' }).describe('Key identifier that the authority gave you.'),
  hmacKey: text('a variable such as $ACME_HMAC_KEY', readKey).describe(
    'Variable, as $NAME, with the key that belongs to it, in Base64url.',
  ),
})

export const acme = section({
  agreed: flag()
    .transform((agreed, ctx): true => {
      if (agreed) return true
      report(ctx, new Wrong('must be true: nothing is ordered without your consent'))
      return z.NEVER
    })
    .describe('true: you agree to the terms of service of the authority.'),
  directory: text('the https URL of a directory', readDirectory)
    .prefault('letsencrypt')
    .describe('Directory of the authority: an https URL, letsencrypt, or letsencrypt-staging for trials.'),
  email: text('an address such as admin@example.com', readEmail)
    .optional()
    .describe('Where the authority may write to.'),
  names: list(text('a name such as chat.example.com', readName), 'name')
    .optional()
    .describe('Names to have certificates for. Without it: the match.host of each route.'),
  profile: text('a name such as shortlived', (value) =>
    /^[\w.-]{1,100}$/.test(value)
      ? value
      : new Wrong(`must be a name such as shortlived, not ${show(value)}`),
  )
    .optional()
    .describe('Kind of certificate, by a name of the authority, such as tlsserver or shortlived.'),
  challenge: choice(['auto', 'http-01', 'tls-alpn-01'])
    .default('auto')
    .describe('How the authority is shown that a name is yours; auto: as the listeners allow.'),
  ca: file
    .optional()
    .describe('PEM file of the authorities that vouch for the server of the directory: for one of your own.'),
  externalAccount: externalAccount
    .optional()
    .describe('Account at the authority, where it takes known customers only.'),
})

/** As it is written: its file, and the variable that it names, are still to be read. */
export type AcmeEntry = z.output<typeof acme>

export const stateDirectory = z
  .string({ error: () => 'must be the path of a folder' })
  .min(1, { error: () => 'must be the path of a folder' })

type Found = { path: Path; wrong: Wrong }

interface Beside {
  acme?: AcmeEntry | undefined
  listen: readonly { host: string; port: number; tls?: Parameters<typeof isAuto>[0] }[]
  routes: readonly { match: { host?: string } }[]
}

/** The names to have certificates for. */
export function acmeNames({ names }: AcmeEntry, routes: Beside['routes']): string[] {
  return [...new Set(names ?? routes.flatMap(({ match: { host } }) => host ?? []))]
}

/** What does not go together. `folder`: the state directory, if there is one. */
export function acmeFaults({ acme: given, listen, routes }: Beside, folder: string | undefined): Found[] {
  const autos = listen.flatMap(({ tls }, index) => (isAuto(tls) ? [index] : []))
  if (!given) {
    const wrong = new Wrong(
      'is auto, and there is no acme',
      "add acme: { agreed: true } if you agree to the terms of Let's Encrypt, and stateDirectory",
    )
    return autos.map((index) => ({ path: ['listen', index, 'tls'], wrong }))
  }
  if (autos.length === 0) return []
  const found: Found[] = []
  if (folder === undefined) {
    const wrong = new Wrong(
      'needs stateDirectory: authorities limit how many certificates they give',
      'name a folder that survives restarts, such as stateDirectory: /var/lib/holdfast',
    )
    found.push({ path: ['acme'], wrong })
  }
  if (given.names === undefined) {
    for (const [index, { match }] of routes.entries()) {
      const wrong = match.host === undefined ? undefined : whyNoName(match.host)
      if (wrong) found.push({ path: ['routes', index, 'match', 'host'], wrong })
    }
  }
  if (acmeNames(given, routes).length === 0) {
    const wrong = new Wrong(
      'has no name to have a certificate for: no route has match.host',
      'write names: [chat.example.com]',
    )
    found.push({ path: ['acme'], wrong })
  }
  if (given.challenge === 'http-01' && !listen.some(isPlain)) {
    const wrong = new Wrong('is http-01, and every listener has tls', 'add a listener without, on port 80')
    found.push({ path: ['acme', 'challenge'], wrong })
  }
  return found
}

function isPlain({ tls, host }: { tls?: unknown; host: string }): boolean {
  return tls === undefined && unixPath(host) === undefined
}

/** What is allowed and yet hardly meant. */
export function acmeWarnings({ acme: given, listen }: Pick<GatewayOptions, 'acme' | 'listen'>): Found[] {
  const autos = listen.filter(({ auto }) => auto)
  if (!given) return []
  if (autos.length === 0) {
    return [
      { path: ['acme'], wrong: new Wrong('has no effect: no listener has tls: auto', 'write tls: auto') },
    ]
  }
  const found: Found[] = []
  const http = given.challenge !== 'tls-alpn-01' && listen.some((one) => one.port === 80 && isPlain(one))
  const tls = given.challenge !== 'http-01' && autos.some(({ port }) => port === 443)
  if (!http && !tls) {
    const wrong = new Wrong(
      'has nothing that the authority reaches: it comes to port 80 (http-01) or port 443 (tls-alpn-01) of each name',
      'listen there, or map one of these ports to a listener',
    )
    found.push({ path: ['acme'], wrong })
  }
  const odd = given.names.find((name) => given.ca === undefined && !isPublic(name))
  if (odd !== undefined) {
    const wrong = new Wrong(
      `is to have a certificate for ${odd}, a name for which public authorities give none`,
      'name the directory of an authority of your own, and its ca',
    )
    found.push({ path: ['acme'], wrong })
  }
  return found
}

/** RFC 6761, RFC 6762, RFC 9476, and ICANN's `internal`: names that mean something in one place only. */
function isPublic(name: string): boolean {
  return name.includes('.') && !/\.(?:test|localhost|local|internal|invalid|example|alt|home|lan)$/.test(name)
}

/** What is wrong with a state directory, by its absolute path: an error, or what is worth a warning. */
export async function stateDirectoryFault(
  path: string,
): Promise<{ level: 'error' | 'warning'; wrong: Wrong } | undefined> {
  const rights = 'give the user that runs holdfast permission to write there'
  const may = (folder: string, mode: number) =>
    access(folder, mode).then(
      () => true,
      () => false,
    )
  const full = constants.R_OK | constants.W_OK | constants.X_OK
  for (let folder = path; ; folder = dirname(folder)) {
    const found = await stat(folder).catch((error: NodeJS.ErrnoException) => error)
    if (found instanceof Error) {
      if (found.code === 'ENOENT' && folder !== dirname(folder)) continue
      const wrong = found.code === 'ENOTDIR' ? 'is below a file' : `cannot be looked at (${found.code})`
      return { level: found.code === 'ENOTDIR' ? 'error' : 'warning', wrong: new Wrong(wrong, rights) }
    }
    if (!found.isDirectory()) {
      const wrong = new Wrong(folder === path ? 'is not a folder' : 'is below a file', 'name a folder')
      return { level: 'error', wrong }
    }
    if (await may(folder, full)) return undefined
    const wrong = new Wrong('may not be written, so that no certificate is ordered', rights)
    return { level: 'warning', wrong }
  }
}
