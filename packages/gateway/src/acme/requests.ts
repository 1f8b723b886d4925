// What is signed for an authority, and what its certificates are called towards it.
import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  type X509Certificate,
} from 'node:crypto'
import type { UnixMs } from '../core/index.ts'
import { bits, der, octets, oid, readAll, readDer, sequence, utcTime } from './der.ts'

const ids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  extensionRequest: '1.2.840.113549.1.9.14',
  subjectAltName: '2.5.29.17',
  authorityKeyIdentifier: '2.5.29.35',
  commonName: '2.5.4.3',
  /** RFC 8737 6.1: id-pe-acmeIdentifier. */
  acmeIdentifier: '1.3.6.1.5.5.7.1.31',
}

/** A new key of the kind that every client can check, and every authority takes: ECDSA with P-256. */
export function newKey(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** A request for a certificate of these names (PKCS #10, RFC 2986), in DER. */
export function certificateRequest(
  names: readonly string[],
  { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject },
): Buffer {
  const extensions = sequence(sequence(oid(ids.subjectAltName), octets(alternativeNames(names))))
  const info = sequence(
    der(0x02, [0]),
    // RFC 5280 4.1.2.6: the subject is empty, since the names are in subjectAltName; a name may be too long for it.
    sequence(),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa0, sequence(oid(ids.extensionRequest), der(0x31, extensions))),
  )
  return signed(info, privateKey)
}

/**
 * The certificate that answers a challenge on the TLS port. RFC 8737 3: self-signed, with the one name, and "the acmeIdentifier
 * extension MUST be critical". It is shown to those only who offer nothing but the protocol `acme-tls/1`.
 */
export function challengeCertificate(
  name: string,
  keyAuthorization: string,
  now: UnixMs,
): { cert: string; key: string } {
  const { privateKey, publicKey } = newKey()
  const who = sequence(der(0x31, sequence(oid(ids.commonName), der(0x0c, Buffer.from('acme challenge')))))
  const digest = octets(createHash('sha256').update(keyAuthorization).digest())
  const extensions = sequence(
    sequence(oid(ids.subjectAltName), octets(alternativeNames([name]))),
    sequence(oid(ids.acmeIdentifier), der(0x01, [0xff]), octets(digest)),
  )
  const hour = 3_600_000
  const body = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [0x40, ...randomBytes(15)]),
    sequence(oid(ids.ecdsaWithSha256)),
    who,
    sequence(utcTime(now - hour), utcTime(now + 24 * hour)),
    who,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, extensions),
  )
  const base64 = signed(body, privateKey).toString('base64')
  const lines = base64.replace(/.{1,64}/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    key: keyPem(privateKey),
  }
}

/**
 * The name of a certificate towards its authority, RFC 9773 4.1: the key identifier of its issuer and its serial number; undefined
 * when it does not say who its issuer is.
 */
export function certificateId(certificate: Pick<X509Certificate, 'raw'>): string | undefined {
  // Certificate ::= SEQUENCE { tbsCertificate SEQUENCE { [0] version, serialNumber, ..., [3] extensions }, ... }
  const body = readDer(readDer(certificate.raw)?.content ?? Buffer.alloc(0))
  const fields = readAll(body?.content ?? Buffer.alloc(0))
  const serial = fields.find(({ tag }) => tag === 0x02)?.content
  const extensions = fields.find(({ tag }) => tag === 0xa3)?.content
  const list = extensions && readDer(extensions)?.content
  if (!serial || !list) return undefined
  const wanted = oid(ids.authorityKeyIdentifier)
  for (const { content } of readAll(list)) {
    if (!content.subarray(0, wanted.length).equals(wanted)) continue
    const value = readAll(content.subarray(wanted.length)).find(({ tag }) => tag === 0x04)?.content
    // AuthorityKeyIdentifier ::= SEQUENCE { keyIdentifier [0] IMPLICIT OCTET STRING OPTIONAL, ... }
    const identifier = readAll((value && readDer(value)?.content) ?? Buffer.alloc(0)).find(
      ({ tag }) => tag === 0x80,
    )
    if (identifier) return `${identifier.content.toString('base64url')}.${serial.toString('base64url')}`
  }
  return undefined
}

function alternativeNames(names: readonly string[]): Buffer {
  return sequence(...names.map((name) => der(0x82, Buffer.from(name, 'latin1'))))
}

function signed(body: Buffer, key: KeyObject): Buffer {
  return sequence(body, sequence(oid(ids.ecdsaWithSha256)), bits(sign('sha256', body, key)))
}
