// What the certificates of the listeners are, for status and metrics.
import { X509Certificate } from 'node:crypto'
import type { CertificateInfo, GatewayOptions, UnixMs } from '../core/index.ts'
import { certificateNames, certificatesOf } from '../listen/index.ts'
import { listenerKeys } from '../worker/index.ts'

/** The least of: this share of its life, and so many milliseconds. What renews certificates does so with a third of it left. */
const soon = { ofLife: 1 / 5, ms: 30 * 24 * 3_600_000 }

type Certificate = { listener: string; names: string[]; from: UnixMs; to: UnixMs }

/** Reading certificates takes a while, and configurations stay. */
const known = new WeakMap<GatewayOptions, Certificate[]>()

/** Every certificate of a configuration that can be read, at a time in milliseconds since 1970. */
export function certificateInfos(options: GatewayOptions, now: UnixMs): CertificateInfo[] {
  const certificates = known.get(options) ?? readAll(options)
  known.set(options, certificates)
  return certificates.map(({ listener, names, from, to }) => {
    const leftMs = to - now
    const expiresSoon = leftMs < Math.min(soon.ms, (to - from) * soon.ofLife)
    return { listener, names, expiresAt: to, leftMs, expiresSoon }
  })
}

function readAll({ listen }: GatewayOptions): Certificate[] {
  const keys = listenerKeys(listen)
  return listen.flatMap((listener, index) =>
    certificatesOf(listener).flatMap(({ cert }) => {
      try {
        const read = new X509Certificate(cert)
        const [from, to] = [Date.parse(read.validFrom), Date.parse(read.validTo)]
        return [{ listener: keys[index]!, names: certificateNames(read), from, to }]
      } catch {
        return []
      }
    }),
  )
}
