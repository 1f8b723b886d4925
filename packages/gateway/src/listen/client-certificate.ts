// What upstreams are told of the certificate that a client has shown.
import type { TLSSocket } from 'node:tls'
import type { HeaderList } from '../http/index.ts'

/**
 * The fields about a client's certificate. Their names begin with Holdfast-, which the gateway takes out of what clients send,
 * in every spelling. A name that no authority vouches for is not handed on: only `Verified: yes` comes with a subject.
 */
export function clientCertificateFields(socket: TLSSocket): HeaderList {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return [['Holdfast-Client-Verified', 'none']]
  const fingerprint = certificate.fingerprint256.replaceAll(':', '').toLowerCase()
  return [
    ['Holdfast-Client-Verified', socket.authorized ? 'yes' : 'no'],
    ...(socket.authorized
      ? ([['Holdfast-Client-Subject', subjectText(certificate.subject ?? '')]] as HeaderList)
      : []),
    ['Holdfast-Client-Fingerprint', fingerprint],
  ]
}

/**
 * A distinguished name in the form of RFC 4514 2.1, most specific part first, from OpenSSL's lines. OpenSSL has escaped what
 * is special in it, control characters too; what is not ASCII is written as the RFC's hex pairs, so that a field can carry it.
 */
export function subjectText(lines: string): string {
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .reverse()
    .map((line) => line.replaceAll(' + ', '+'))
    .join(',')
    .replace(/[^ -~]+/g, (text) => Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '\\$&'))
}
