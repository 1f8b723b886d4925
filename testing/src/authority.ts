import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import net from 'node:net'
import { der, oid, sequence } from './der.ts'

/** What {@link Authority.issue} makes. */
export interface IssueOptions {
  /** DNS names and IP addresses in subjectAltName; none: no such extension. */
  names?: string[]
  /** Distinguished name, most general part first. Default: CN of the first name. */
  subject?: [attribute: 'C' | 'O' | 'CN', value: string][]
  /** Unix milliseconds. Default: an hour ago. */
  from?: number
  /** Unix milliseconds. Default: in 90 days. */
  to?: number
  key?: 'ec' | 'rsa'
  /** Extended key usages; none: no such extension. */
  usages?: ('server' | 'client')[]
  /** Whether it may sign others. */
  authority?: boolean
  /** For this key of somebody else's; `key` is empty then. */
  publicKey?: KeyObject
  /** Where the certificate of its signer can be had (RFC 5280 4.2.2.1); none: no such extension. */
  signerUrl?: string
}

/** A certificate with its key, as PEM. */
export interface Issued {
  cert: string
  key: string
}

/** What signs certificates in a test. */
export interface Authority extends Issued {
  issue(options: IssueOptions): Issued
  /** An authority below this one. */
  intermediate(name: string): Authority
}

const hour = 3_600_000
const attributes = { C: '2.5.4.6', O: '2.5.4.10', CN: '2.5.4.3' }
const usageOids = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' }

/** Makes an authority with a certificate signed by itself; its certificates are made here, without a program. */
export function authority(name = 'Test Root', options: IssueOptions = {}): Authority {
  const subject: IssueOptions['subject'] = [['CN', name]]
  const keys = keysOf(options.key ?? 'ec')
  return signer(subject, keys.privateKey, {
    cert: make({ ...options, subject, authority: true }, keys.publicKey, { subject, key: keys.privateKey }),
    key: pem(keys.privateKey),
  })
}

/** A certificate signed by itself. */
export function selfSigned(options: IssueOptions): Issued {
  const keys = keysOf(options.key ?? 'ec')
  const subject = subjectOf(options)
  return {
    cert: make(options, keys.publicKey, { subject, key: keys.privateKey }),
    key: pem(keys.privateKey),
  }
}

type Name = NonNullable<IssueOptions['subject']>

function signer(subject: Name, key: KeyObject, own: Issued): Authority {
  const by = { subject, key }
  return {
    ...own,
    issue(options) {
      if (options.publicKey) return { cert: make(options, options.publicKey, by), key: '' }
      const keys = keysOf(options.key ?? 'ec')
      return { cert: make(options, keys.publicKey, by), key: pem(keys.privateKey) }
    },
    intermediate(name) {
      const keys = keysOf('ec')
      const its: Name = [['CN', name]]
      const cert = make({ subject: its, authority: true }, keys.publicKey, by)
      return signer(its, keys.privateKey, { cert, key: pem(keys.privateKey) })
    },
  }
}

function keysOf(kind: 'ec' | 'rsa') {
  return kind === 'ec'
    ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
    : generateKeyPairSync('rsa', { modulusLength: 2048 })
}

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()
const subjectOf = ({ subject, names }: IssueOptions): Name => subject ?? [['CN', names?.[0] ?? 'test']]

/** RFC 5280 4.1. */
function make(options: IssueOptions, publicKey: KeyObject, by: { subject: Name; key: KeyObject }): string {
  const { from = Date.now() - hour, to = Date.now() + 90 * 24 * hour } = options
  const algorithm =
    by.key.asymmetricKeyType === 'ec'
      ? sequence(oid('1.2.840.10045.4.3.2'))
      : sequence(oid('1.2.840.113549.1.1.11'), der(0x05))
  const tbs = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [0x40, ...randomBytes(15)]),
    algorithm,
    distinguished(by.subject),
    sequence(time(from), time(to)),
    distinguished(subjectOf(options)),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions(options))),
  )
  const signature = der(0x03, [0], sign('sha256', tbs, by.key))
  const base64 = sequence(tbs, algorithm, signature).toString('base64')
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`
}

function extensions({
  names = [],
  usages = [],
  authority: signs = false,
  signerUrl,
}: IssueOptions): Buffer[] {
  const extension = (id: string, value: Buffer, critical = false) =>
    sequence(oid(id), ...(critical ? [der(0x01, [0xff])] : []), der(0x04, value))
  return [
    extension('2.5.29.19', sequence(...(signs ? [der(0x01, [0xff])] : [])), true),
    ...(names.length > 0 ? [extension('2.5.29.17', sequence(...names.map(generalName)))] : []),
    ...(usages.length > 0
      ? [extension('2.5.29.37', sequence(...usages.map((usage) => oid(usageOids[usage]))))]
      : []),
    ...(signerUrl === undefined
      ? []
      : [
          extension(
            '1.3.6.1.5.5.7.1.1',
            sequence(sequence(oid('1.3.6.1.5.5.7.48.2'), der(0x86, Buffer.from(signerUrl)))),
          ),
        ]),
  ]
}

function generalName(name: string): Buffer {
  if (net.isIPv4(name)) return der(0x87, name.split('.').map(Number))
  return der(0x82, Buffer.from(name, 'latin1'))
}

function distinguished(name: Name): Buffer {
  return sequence(
    ...name.map(([attribute, value]) =>
      der(0x31, sequence(oid(attributes[attribute]), der(0x0c, Buffer.from(value)))),
    ),
  )
}

/** RFC 5280 4.1.2.5: UTCTime through the year 2049, GeneralizedTime from 2050 on. */
function time(at: number): Buffer {
  const text = new Date(at).toISOString().replace(/[-:T]|\.\d+/g, '')
  return new Date(at).getUTCFullYear() < 2050
    ? der(0x17, Buffer.from(text.slice(2)))
    : der(0x18, Buffer.from(text))
}
