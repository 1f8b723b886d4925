// A client over TLS whose bytes another process decrypts: what is known of it there, and what the one that serves it needs.
import type { Duplex } from 'node:stream'
import type { HeaderList, Source } from '../http/index.ts'
import { streamOf } from '../wire/index.ts'
import type { HttpServers } from './http-servers.ts'

type HttpProtocol = 'http/1.1' | 'h2'

export interface Secured {
  /** The client's address: the socket's, or the one in its PROXY header. */
  address: string
  /** What it has agreed to speak (RFC 7301). */
  protocol: HttpProtocol
  /** Number of the process that does TLS, among those of carriers. */
  front?: number
  /** Fields for the upstream about the certificate that it has shown, where it was asked for one. */
  clientCertificate?: HeaderList
}

/** In place of HTTP: each connection goes on as soon as it is secured. */
export function handOn(onSecured: (stream: Duplex, secured: Secured) => void): HttpServers {
  return {
    serve(connection, protocol, { address, clientCertificate }: Source, opening) {
      opening.done()
      onSecured(streamOf(connection), { address, protocol, ...(clientCertificate && { clientCertificate }) })
    },
    retire() {},
    close() {},
  }
}

/** Whether one of the authorities vouches for the certificate that it has shown. */
export function isVerified({ clientCertificate = [] }: Pick<Secured, 'clientCertificate'>): boolean {
  return clientCertificate.some(([name, value]) => name === 'Holdfast-Client-Verified' && value === 'yes')
}
