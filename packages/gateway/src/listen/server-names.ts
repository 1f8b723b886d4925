// Which certificate is shown to whom: the names in certificates, and the name that a client asks for. Pure.
import { X509Certificate } from 'node:crypto'
import type { ListenOptions, TlsOptions } from '../core/index.ts'

/** The certificates of a listener; none without TLS. */
export function certificatesOf({ tls }: Pick<ListenOptions, 'tls'>): TlsOptions[] {
  if (!tls) return []
  return Array.isArray(tls) ? tls : [tls]
}

/**
 * The names and addresses that a certificate is for, in lower case. RFC 9525 6.1 has clients look at subjectAltName only, never
 * at the subject.
 */
export function certificateNames({ subjectAltName }: Pick<X509Certificate, 'subjectAltName'>): string[] {
  // Node writes an entry with odd characters as a JSON string; no host has such a name.
  const plain = (subjectAltName ?? '').replace(/"(?:[^"\\]|\\.)*"/g, '')
  return [...plain.matchAll(/(?:^|, )(?:DNS|IP Address):([^,\s]+)/g)].map(([, name]) => name!.toLowerCase())
}

/** Whether a name of a certificate stands for a host; both in lower case. */
export function nameCovers(name: string, host: string): boolean {
  if (name === host) return true
  // RFC 9525 6.3: "the wildcard character [...] MUST only be the complete left-most label", and it stands for one label.
  return name.startsWith('*.') && parentOf(host) === name.slice(2)
}

function parentOf(host: string): string | undefined {
  const dot = host.indexOf('.')
  return dot > 0 ? host.slice(dot + 1) : undefined
}

/** Finds certificates by the name that a client asks for; the result lists one for each kind of key, or none. */
export type CertificateChoice = (serverName: string | undefined) => readonly number[]

/**
 * Makes the choice between certificates: the one for exactly this name, or the one for all names beside it (`*.example.com`),
 * or the first. Of several for one name the first with each kind of key counts: a client that cannot check the one can check
 * the other. `strict`: no name is shown the certificate of another; the first is for those who ask for none.
 */
export function chooseCertificate(
  certificates: readonly { names: string[]; keyType: string }[],
  strict = false,
): {
  choose: CertificateChoice
  /** Every different result of `choose`. */
  results: readonly (readonly number[])[]
} {
  const byName = new Map<string, number[]>()
  for (const [index, { names, keyType }] of certificates.entries()) {
    for (const name of names) {
      const found = byName.get(name) ?? []
      byName.set(name, found)
      if (!found.some((other) => certificates[other]!.keyType === keyType)) found.push(index)
    }
  }
  const fallback = byName.get(certificates[0]?.names[0] ?? '') ?? [0]
  const choose: CertificateChoice = (serverName) => {
    // RFC 6066 3: "DNS hostnames are case-insensitive", and names are sent "without a trailing dot"; some send one.
    const host = serverName?.toLowerCase().replace(/\.$/, '')
    if (host === undefined) return fallback
    return byName.get(host) ?? byName.get(`*.${parentOf(host) ?? ''}`) ?? (strict ? [] : fallback)
  }
  const different = new Map([fallback, ...byName.values()].map((result) => [result.join(), result]))
  return { choose, results: [...different.values()] }
}

/** What the choice needs to know of a certificate. One that cannot be read has no names. */
export function describeCertificate({ cert }: TlsOptions): { names: string[]; keyType: string } {
  try {
    const read = new X509Certificate(cert)
    return { names: certificateNames(read), keyType: read.publicKey.asymmetricKeyType ?? '' }
  } catch {
    return { names: [], keyType: '' }
  }
}
