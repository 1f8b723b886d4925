// Which listener of a list is the one of another list: a reload goes on with it.
import { isDeepStrictEqual } from 'node:util'
import type { ListenOptions } from '../core/index.ts'

/** The listener of that address and kind; of several, the one with the same certificate. */
export function closest(
  listeners: readonly ListenOptions[],
  wanted: ListenOptions,
): ListenOptions | undefined {
  const same = listeners.filter((listener) => isSame(listener, wanted))
  return same.find((listener) => hasTlsOf(listener, wanted)) ?? same[0]
}

/** Clients that are asked for other certificates, or for some at all, are another listener's: nobody goes on without one. */
function isSame(a: ListenOptions, b: ListenOptions): boolean {
  return (
    a.host === b.host &&
    a.port === b.port &&
    !a.tls === !b.tls &&
    a.proxyProtocol === b.proxyProtocol &&
    isDeepStrictEqual(a.clientCertificates, b.clientCertificates)
  )
}

/** Whether both have the same certificates, or get them in the same way. */
export function hasTlsOf(a: ListenOptions, b: ListenOptions): boolean {
  return isDeepStrictEqual(a.tls, b.tls) && !a.auto === !b.auto
}
