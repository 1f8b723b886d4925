// The certificate of the demo's gateway, made when it starts: its key is as old as the demo, and goes with it.
import { generateKeyPairSync, sign } from 'node:crypto'

/** Milliseconds on both sides of now for which it is valid. */
const validMs = 86_400_000

/** Object identifiers: commonName, and ecdsa-with-SHA256 (RFC 5758 3.2). */
const commonName = [0x06, 3, 0x55, 0x04, 0x03]
const ecdsaWithSha256 = [0x06, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]

/** A certificate for nobody but this demo, and its key, as PEM (RFC 5280 4.1). */
export function selfSigned(now = Date.now()): { cert: string; key: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = sequence(ecdsaWithSha256)
  const name = sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from('holdfast demo')))))
  const body = sequence(
    der(0x02, [1]),
    algorithm,
    name,
    sequence(utcTime(now - validMs), utcTime(now + validMs)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const certificate = sequence(body, algorithm, der(0x03, [0], sign('sha256', body, privateKey)))
  const lines = certificate.toString('base64').replace(/.{1,64}/g, '$&\n')
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
  }
}

/** One ASN.1 value in DER (X.690); none here is longer than 64 KiB. */
function der(tag: number, ...parts: (Uint8Array | number[])[]): Buffer {
  const content = Buffer.concat(parts.map((part) => Buffer.from(part)))
  const { length } = content
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...head]), content])
}

function sequence(...parts: (Uint8Array | number[])[]): Buffer {
  return der(0x30, ...parts)
}

function utcTime(at: number): Buffer {
  const digits = new Date(at).toISOString().replace(/\D/g, '')
  return der(0x17, Buffer.from(`${digits.slice(2, 14)}Z`))
}
