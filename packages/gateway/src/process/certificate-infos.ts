// What the certificates of the listeners are, for status and metrics.
import { X509Certificate } from 'node:crypto'
import type { CertificateInfo, GatewayOptions, TlsOptions, UnixMs } from '../core/index.ts'
import { certificateNames, certificatesOf } from '../listen/index.ts'
import { listenerKeys } from '../worker/index.ts'

/** The least of: this share of its life, and so many milliseconds. What renews certificates does so with a third of it left. */
const soon = { ofLife: 1 / 5, ms: 30 * 24 * 3_600_000 }

type Certificate = { listener: string; names: string[]; from: UnixMs; to: UnixMs }

type Read = Omit<Certificate, 'listener'>

/** Reading certificates takes a while, and they stay. */
const known = new WeakMap<TlsOptions, Read | undefined>()

/**
 * Every certificate of a configuration that can be read, at a time in milliseconds since 1970. `obtained`: those of listeners with
 * `auto`.
 */
export function certificateInfos(
  options: GatewayOptions,
  now: UnixMs,
  obtained: readonly TlsOptions[] = [],
): CertificateInfo[] {
  return readAll(options, obtained).map(({ listener, names, from, to }) => {
    const leftMs = to - now
    const expiresSoon = leftMs < Math.min(soon.ms, (to - from) * soon.ofLife)
    return { listener, names, expiresAt: to, leftMs, expiresSoon }
  })
}

function readAll({ listen }: GatewayOptions, obtained: readonly TlsOptions[]): Certificate[] {
  const keys = listenerKeys(listen)
  return listen.flatMap((listener, index) =>
    (listener.auto ? obtained : certificatesOf(listener)).flatMap((certificate) => {
      const read = known.has(certificate) ? known.get(certificate) : readOne(certificate)
      known.set(certificate, read)
      return read ? [{ listener: keys[index]!, ...read }] : []
    }),
  )
}

function readOne({ cert }: TlsOptions): Read | undefined {
  try {
    const read = new X509Certificate(cert)
    const [from, to] = [Date.parse(read.validFrom), Date.parse(read.validTo)]
    return { names: certificateNames(read), from, to }
  } catch {
    return undefined
  }
}
