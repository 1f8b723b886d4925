// What is wrong with the files of a certificate, and what is odd about them.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import {
  createSecureContext,
  rootCertificates,
  type SecureContext,
  type SecureContextOptions,
} from 'node:tls'
import type { TlsOptions, UnixMs } from '../core/index.ts'
import { certificateNames } from '../listen/index.ts'
import { Wrong } from './errors.ts'

/** Something wrong with one of the files of a listener or an upstream. */
export interface TlsFault {
  key: 'cert' | 'key' | 'pkcs12' | 'passphrase' | 'ca'
  level: 'error' | 'warning'
  wrong: Wrong
}

/** The files of one certificate as they were read: PEM texts, or PKCS#12, with what they are encrypted with. */
export type CertificateFiles =
  | { cert: string; key: string; passphrase?: string }
  | { pkcs12: Buffer; passphrase?: string }

/** For whom a certificate is: clients of a listener, or a server that the gateway dials. */
export type CertificateUse = 'server' | 'client'

/**
 * Reads the files of a certificate: what is wrong with them, and, when nothing is, the certificate with its key, decrypted if it
 * came as PEM. `now`: milliseconds since 1970.
 */
export function readTls(
  files: CertificateFiles,
  now: UnixMs,
  use: CertificateUse = 'server',
): { tls?: TlsOptions; faults: TlsFault[] } {
  const read = 'pkcs12' in files ? readPkcs12(files) : readPem(files)
  if ('faults' in read) return read
  const { tls, chain } = read
  const at = 'pkcs12' in files ? 'pkcs12' : 'cert'
  const warnings = [
    dateFault(chain[0]!, now),
    purposeFault(chain[0]!, use),
    use === 'server' ? nameFault(chain[0]!) : undefined,
    // In PKCS#12 the order means nothing, and OpenSSL sorts it.
    at === 'cert' && use === 'server' ? chainFault(chain) : undefined,
  ]
  return {
    tls,
    faults: warnings.flatMap((wrong) => (wrong ? [{ key: at, level: 'warning' as const, wrong }] : [])),
  }
}

/** Checks that a file holds certificates of authorities. */
export function authorityFaults(ca: string): TlsFault[] {
  const chain = readCertificates(ca)
  if (chain instanceof Wrong) return [{ key: 'ca', level: 'error', wrong: chain }]
  try {
    createSecureContext({ ca })
    return []
  } catch {
    return [{ key: 'ca', level: 'error', wrong: new Wrong('is refused by OpenSSL', 'it may be cut off') }]
  }
}

type Read = { tls: TlsOptions; chain: X509Certificate[] } | { faults: TlsFault[] }

function readPem({ cert, key, passphrase }: { cert: string; key: string; passphrase?: string }): Read {
  const chain = readCertificates(cert)
  const secret = readKey(key, passphrase)
  const faults: TlsFault[] = []
  if (chain instanceof Wrong) faults.push({ key: 'cert', level: 'error', wrong: chain })
  if ('wrong' in secret) faults.push({ level: 'error', ...secret })
  if (chain instanceof Wrong || 'wrong' in secret) return { faults }
  const stranger = pairFault(chain, secret.key)
  if (stranger) return { faults: [stranger] }
  const tls = { cert, key: secret.pem }
  const unusable = openContext({ cert, key: secret.pem })
  if (unusable instanceof Wrong) return { faults: [{ key: 'cert', level: 'error', wrong: unusable }] }
  return { tls, chain }
}

function readPkcs12({ pkcs12, passphrase }: { pkcs12: Buffer; passphrase?: string }): Read {
  const error = (key: TlsFault['key'], message: string, fix?: string): Read => ({
    faults: [{ key, level: 'error', wrong: new Wrong(message, fix) }],
  })
  if (pkcs12.includes('-----BEGIN ')) return error('pkcs12', 'is PEM', 'name it as cert, and its key as key')
  const context = openContext({ pfx: pkcs12, passphrase: passphrase ?? '' })
  if (context instanceof Wrong) {
    if (!/mac verify failure/i.test(context.message)) {
      const fix = /unsupported/i.test(context.message)
        ? 'its cipher is too old: openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW'
        : 'it may be cut off'
      return error('pkcs12', context.message, fix)
    }
    return passphrase === undefined
      ? error('pkcs12', 'is encrypted', 'name the variable with its passphrase: passphrase: $NAME')
      : error('passphrase', 'does not open the file', 'check the value of the variable')
  }
  // The certificate of a context is in no declaration; OCSP in Node's own TLS is built on it.
  const inner = context.context as { getCertificate?: () => Buffer | null } | undefined
  const der = inner?.getCertificate?.()
  if (!der) {
    return inner?.getCertificate
      ? error('pkcs12', 'holds no certificate', 'export it again with its certificate and key')
      : error('pkcs12', 'cannot be read by this runtime', 'make PEM of it: openssl pkcs12 -in FILE -nodes')
  }
  const certificate = new X509Certificate(der)
  const encoded = { data: pkcs12.toString('base64'), passphrase: passphrase ?? '' }
  return { tls: { cert: certificate.toString(), key: '', pkcs12: encoded }, chain: [certificate] }
}

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

function readCertificates(text: string): X509Certificate[] | Wrong {
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    if (text.includes('PRIVATE KEY-----'))
      return new Wrong('holds no PEM certificate', 'cert and key are swapped')
    // DER begins with a SEQUENCE of a long length.
    const fix = text.startsWith('0')
      ? 'PKCS#12 is named as pkcs12; openssl x509 -inform der -in FILE makes PEM'
      : undefined
    return new Wrong('holds no PEM certificate', fix)
  }
  const blocks = text.match(pemCertificate) ?? []
  try {
    return blocks.length === 0
      ? [new X509Certificate(text)]
      : blocks.map((block) => new X509Certificate(block))
  } catch {
    return new Wrong('holds a certificate that cannot be read', 'it may be cut off')
  }
}

/** The key, and the same as PEM that is not encrypted; or what is wrong, and with what. */
function readKey(
  text: string,
  passphrase: string | undefined,
): { key: KeyObject; pem: string } | { key: 'key' | 'passphrase'; wrong: Wrong } {
  if (!text.includes('PRIVATE KEY-----')) {
    const swapped = text.includes('-----BEGIN CERTIFICATE-----')
    return {
      key: 'key',
      wrong: new Wrong('holds no PEM private key', swapped ? 'cert and key are swapped' : undefined),
    }
  }
  const encrypted = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(text)
  if (encrypted && passphrase === undefined) {
    return {
      key: 'key',
      wrong: new Wrong('is encrypted', 'name the variable with its passphrase: passphrase: $NAME'),
    }
  }
  try {
    const key = createPrivateKey(encrypted ? { key: text, passphrase: passphrase! } : text)
    return { key, pem: encrypted ? key.export({ type: 'pkcs8', format: 'pem' }).toString() : text }
  } catch {
    // A wrong passphrase decrypts to something that is no key, and sometimes without OpenSSL's noticing.
    return encrypted
      ? { key: 'passphrase', wrong: new Wrong('does not open the key', 'check the value of the variable') }
      : { key: 'key', wrong: new Wrong('holds a private key that cannot be read', 'it may be cut off') }
  }
}

/** RFC 8446 4.4.2: "The sender's certificate MUST come in the first CertificateEntry in the list." */
function pairFault([first, ...others]: X509Certificate[], key: KeyObject): TlsFault | undefined {
  if (first!.checkPrivateKey(key)) return undefined
  if (others.some((other) => other.checkPrivateKey(key))) {
    const wrong = new Wrong(
      'has its certificates in the wrong order: that of the key is not the first',
      'put it first, then the one that signed it, and so on',
    )
    return { key: 'cert', level: 'error', wrong }
  }
  const wrong = new Wrong(
    'does not belong to the certificate',
    'use the key that the certificate was made for',
  )
  return { key: 'key', level: 'error', wrong }
}

/** What only OpenSSL refuses: a key too short for its policy, a file that is none of its kind. */
function openContext(options: SecureContextOptions): SecureContext | Wrong {
  try {
    return createSecureContext(options)
  } catch (error) {
    const words = error instanceof Error ? error.message.replace(/^error:[0-9a-f]+:/i, '') : 'unknown reason'
    return new Wrong(`is refused by OpenSSL: ${words}`)
  }
}

function dateFault({ validFrom, validTo }: X509Certificate, now: UnixMs): Wrong | undefined {
  if (Date.parse(validTo) < now) return new Wrong(`expired on ${validTo}`, 'clients will refuse it')
  if (Date.parse(validFrom) > now)
    return new Wrong(`is not valid before ${validFrom}`, 'clients will refuse it')
  return undefined
}

const purposes: Record<CertificateUse, { oid: string; wrong: Wrong }> = {
  server: {
    oid: '1.3.6.1.5.5.7.3.1',
    wrong: new Wrong('is not for servers (extended key usage without serverAuth)', 'clients will refuse it'),
  },
  client: {
    oid: '1.3.6.1.5.5.7.3.2',
    wrong: new Wrong(
      'is not for clients (extended key usage without clientAuth), and the upstream may refuse it',
      'public authorities issue none for clients any more: use one of your own',
    ),
  },
}

/** RFC 5280 4.2.1.12: where the extension is present the certificate must be used for one of its purposes only. */
function purposeFault({ keyUsage }: X509Certificate, use: CertificateUse): Wrong | undefined {
  const { oid, wrong } = purposes[use]
  const allowed = keyUsage as string[] | undefined
  return !allowed || allowed.length === 0 || allowed.includes(oid) || allowed.includes('2.5.29.37.0')
    ? undefined
    : wrong
}

function nameFault(certificate: X509Certificate): Wrong | undefined {
  return certificateNames(certificate).length > 0
    ? undefined
    : new Wrong('bears no name (subjectAltName)', 'clients will refuse it, whatever its subject is')
}

/** RFC 8446 4.4.2: "Each following certificate SHOULD directly certify the one immediately preceding it." */
function chainFault(chain: readonly X509Certificate[]): Wrong | undefined {
  for (const [index, certificate] of chain.entries()) {
    const next = chain[index + 1]
    if (!next || signed(next, certificate)) continue
    const order = chain.some((other) => other !== certificate && signed(other, certificate))
    return order
      ? new Wrong(
          'has its certificates in the wrong order',
          'each is to be followed by the one that signed it; some clients refuse any other order',
        )
      : missing(certificate)
  }
  const last = chain.at(-1)!
  if (signed(last, last) || isPublicRoot(last) || !namesItsSigner(last)) return undefined
  return missing(last)
}

/**
 * Whether it says where the certificate of its signer can be had (RFC 5280 4.2.2.1), as that of every public authority does. A
 * private one may have signed it by its root, which its clients have; one that says nothing may be just that.
 */
function namesItsSigner({ infoAccess }: X509Certificate): boolean {
  return /CA Issuers/.test(infoAccess ?? '')
}

function missing({ issuer }: X509Certificate): Wrong {
  return new Wrong(
    `has an incomplete chain: it ends at one signed by ${issuer.trim().split('\n').join(', ')}, which is no public root`,
    'append what the authority calls chain or fullchain; of a private authority whose root signs, its own certificate',
  )
}

function signed(authority: X509Certificate, certificate: X509Certificate): boolean {
  return authority.subject === certificate.issuer && certificate.checkIssued(authority)
}

let roots: Set<string> | undefined

/** Whether its issuer is one of the roots that come with the runtime. */
function isPublicRoot({ issuer }: X509Certificate): boolean {
  roots ??= new Set(rootCertificates.map((pem) => new X509Certificate(pem).subject))
  return roots.has(issuer)
}
