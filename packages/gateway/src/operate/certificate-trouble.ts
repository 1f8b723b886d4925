// Which certificates somebody has to look after: for the operator's page.
import type { UnixMs } from '../core/index.ts'
import type { CertificateTrouble } from './dashboard-frame.ts'
import type { GatewayState } from './operations.ts'

/** Those that are missing, were not renewed, or come from a file and should have been. */
export function certificateTroubles(
  { certificates = [], acme = [] }: Pick<GatewayState, 'certificates' | 'acme'>,
  now: UnixMs,
): CertificateTrouble[] {
  const byItself = new Set(acme.map(({ name }) => name))
  return [
    ...acme
      .filter(({ expiresAt, failures }) => expiresAt === undefined || failures > 0)
      .map(({ name, expiresAt, error }) => ({
        name,
        ...(expiresAt !== undefined && { leftMs: expiresAt - now }),
        ...(error !== undefined && { error }),
      })),
    ...certificates
      .filter(({ expiresSoon, names }) => expiresSoon && !names.some((name) => byItself.has(name)))
      .map(({ names, listener, leftMs }) => ({ name: names.join(', '), listener, leftMs })),
  ]
}
