import type { TlsOptions } from './options.ts'

/** What the supervisor has obtained from an authority for certificates, for all workers. */
export interface AcmeShared {
  /** One for each name that has one, in the order of the names. */
  certificates: TlsOptions[]
  /** What whoever the authority sends is to be answered. */
  challenges: {
    /** Content of `/.well-known/acme-challenge/TOKEN` by token. Source: RFC 8555 8.3. */
    http: Record<string, string>
    /** Certificates for whoever speaks `acme-tls/1` only. Source: RFC 8737 3. */
    tls: TlsChallenge[]
  }
}

export interface TlsChallenge extends TlsOptions {
  name: string
}

export const nothingShared: AcmeShared = { certificates: [], challenges: { http: {}, tls: [] } }
