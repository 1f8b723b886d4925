// Certificates that listeners show, and those that are obtained. Plain data.
import type { UnixMs } from './clock.ts'

/** A certificate that a listener shows to its clients. */
export interface CertificateInfo {
  /** The address of the listener, as configured. */
  listener: string
  /** The names and addresses that it is for (subjectAltName); may be none. */
  names: string[]
  /** Unix milliseconds of its end. */
  expiresAt: UnixMs
  /** Milliseconds until then; less than 0 once it has expired. */
  leftMs: number
  /** Whether it should have been renewed by now: a fifth of its life is left, and 30 days at most. */
  expiresSoon: boolean
}

/** A name for which certificates are obtained (`acme`). */
export interface AcmeInfo {
  /** The name. */
  name: string
  /** Serial number of the certificate that is shown, in hexadecimal. Absent: there is none yet. */
  serial?: string
  /** Unix milliseconds of its end. Absent: there is none yet. */
  expiresAt?: UnixMs
  /** Unix milliseconds of the next order. */
  orderAt: UnixMs
  /** How many orders in a row came to nothing. */
  failures: number
  /** Why the last one did, in the words of the authority where it had any. Absent: it did not. */
  error?: string
}
