import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import type { TlsOptions, UnixMs } from '../core/index.ts'
import { Wrong } from './errors.ts'

/** Something wrong with one of the files of a listener or an upstream. */
export interface TlsFault {
  key: keyof TlsOptions | 'ca'
  level: 'error' | 'warning'
  wrong: Wrong
}

/** Checks that a certificate and a key can be used together at a time (milliseconds since 1970). */
export function tlsFaults(tls: TlsOptions, now: UnixMs): TlsFault[] {
  const cert = readCertificate(tls)
  const key = readKey(tls)
  const faults: TlsFault[] = []
  if (cert instanceof Wrong) faults.push({ key: 'cert', level: 'error', wrong: cert })
  if (key instanceof Wrong) faults.push({ key: 'key', level: 'error', wrong: key })
  if (cert instanceof Wrong || key instanceof Wrong) return faults
  if (!cert.checkPrivateKey(key)) {
    const wrong = new Wrong(
      'does not belong to the certificate',
      'use the key that the certificate was made for',
    )
    return [{ key: 'key', level: 'error', wrong }]
  }
  const unusable = contextFault(tls)
  if (unusable) return [{ key: 'cert', level: 'error', wrong: unusable }]
  const dates = dateFault(cert, now)
  return dates ? [{ key: 'cert', level: 'warning', wrong: dates }] : []
}

/** Checks that a file holds certificates of authorities. */
export function authorityFaults(ca: string): TlsFault[] {
  const wrong = readCertificate({ cert: ca })
  if (wrong instanceof Wrong) return [{ key: 'ca', level: 'error', wrong }]
  try {
    createSecureContext({ ca })
    return []
  } catch {
    return [{ key: 'ca', level: 'error', wrong: new Wrong('is refused by OpenSSL', 'it may be cut off') }]
  }
}

function readCertificate({ cert }: Pick<TlsOptions, 'cert'>): X509Certificate | Wrong {
  if (!cert.includes('-----BEGIN CERTIFICATE-----')) {
    const swapped = cert.includes('PRIVATE KEY-----')
    return new Wrong('holds no PEM certificate', swapped ? 'cert and key are swapped' : undefined)
  }
  try {
    return new X509Certificate(cert)
  } catch {
    return new Wrong('holds a certificate that cannot be read', 'it may be cut off')
  }
}

function readKey({ key }: TlsOptions): KeyObject | Wrong {
  if (!key.includes('PRIVATE KEY-----')) {
    const swapped = key.includes('-----BEGIN CERTIFICATE-----')
    return new Wrong('holds no PEM private key', swapped ? 'cert and key are swapped' : undefined)
  }
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(key)) {
    return new Wrong('is encrypted', 'decrypt it: openssl pkey -in KEY -out NEW')
  }
  try {
    return createPrivateKey(key)
  } catch {
    return new Wrong('holds a private key that cannot be read', 'it may be cut off')
  }
}

/** What only OpenSSL refuses: a broken chain after the first certificate, a key too short for its policy. */
function contextFault(tls: TlsOptions): Wrong | undefined {
  try {
    createSecureContext(tls)
    return undefined
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
