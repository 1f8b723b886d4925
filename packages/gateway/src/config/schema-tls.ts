// The keys of a listener that are about TLS.
import { z } from 'zod'
import { checkCertificate, file, flag, list, passphrase, section } from './fields.ts'

const certificate = section({
  cert: file
    .optional()
    .describe('PEM file with the certificate and its chain, relative to the configuration file.'),
  key: file.optional().describe('PEM file with its private key, relative to the configuration file.'),
  pkcs12: file.optional().describe('PKCS#12 file with certificate, chain and key, in place of cert and key.'),
  passphrase: passphrase
    .optional()
    .describe('Variable, as $NAME, with the passphrase of the key or of the PKCS#12 file.'),
}).superRefine((given, ctx) => checkCertificate(given, true, ctx))

const tls = z.union([certificate, list(certificate, 'certificate')], {
  error: () => 'must be a mapping of keys, or a list of such',
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
      'Serve wss, and HTTP/2, with this certificate, or with one of a list by the name that the client asks for. Without it: plain ws.',
    ),
  clientCertificates: clientCertificates
    .optional()
    .describe('Ask clients for a certificate (mutual TLS), and tell upstreams whose it is.'),
})
