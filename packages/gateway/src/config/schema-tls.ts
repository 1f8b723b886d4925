// The keys of a listener that are about TLS.
import { z } from 'zod'
import { Wrong } from './errors.ts'
import { checkCertificate, file, flag, list, passphrase, report, section } from './fields.ts'

const front = flag()
  .optional()
  .describe(
    'Do TLS in processes of its own, which a live upgrade leaves as they are, so that it carries nothing for this listener. One of a list speaks for all.',
  )

const keys = {
  cert: file
    .optional()
    .describe('PEM file with the certificate and its chain, relative to the configuration file.'),
  key: file.optional().describe('PEM file with its private key, relative to the configuration file.'),
  pkcs12: file.optional().describe('PKCS#12 file with certificate, chain and key, in place of cert and key.'),
  passphrase: passphrase
    .optional()
    .describe('Variable, as $NAME, with the passphrase of the key or of the PKCS#12 file.'),
  front,
}

const certificate = section(keys).superRefine((given, ctx) => checkCertificate(given, true, ctx))

/** The one of a listener: it may be obtained, too. */
const only = section({
  auto: flag().optional().describe('With true: as tls: auto, with the certificates that acme obtains.'),
  ...keys,
}).superRefine((given, ctx) => {
  if (!given.auto) return checkCertificate(given, true, ctx)
  for (const name of ['cert', 'key', 'pkcs12', 'passphrase'] as const) {
    if (given[name] === undefined) continue
    report(ctx, new Wrong('does not go with auto: true: acme obtains the certificate', `remove ${name}`), [
      name,
    ])
  }
})

const tls = z.union([z.literal('auto'), only, list(certificate, 'certificate')], {
  error: () => 'must be a mapping of keys, a list of such, or auto',
})

const clientCertificates = section({
  ca: file.describe('PEM file of the authorities that may have signed the certificates of clients.'),
  required: flag()
    .default(true)
    .describe('Whether a client without such a certificate is refused in the TLS handshake.'),
})

/** One certificate as it is written: paths, and the name of a variable. */
export type CertificateEntry = z.output<typeof certificate>

export const listenTls = section({
  tls: tls
    .optional()
    .describe(
      'Serve wss, and HTTP/2, with this certificate, with one of a list by the name that the client asks for, or, auto, with those that acme obtains. Without it: plain ws.',
    ),
  clientCertificates: clientCertificates
    .optional()
    .describe('Ask clients for a certificate (mutual TLS), and tell upstreams whose it is.'),
})

/** `tls` of a listener, as it is written. */
type Tls = z.output<typeof listenTls>['tls']

/** Whether its certificates are obtained. */
export function isAuto(tls: Tls): tls is 'auto' | (z.output<typeof only> & { auto: true }) {
  return tls === 'auto' || (typeof tls === 'object' && !Array.isArray(tls) && tls.auto === true)
}

/** Whether TLS is done by processes of its own. */
export function hasFront(tls: Tls): boolean {
  return typeof tls === 'object' && [tls].flat().some(({ front }) => front)
}
