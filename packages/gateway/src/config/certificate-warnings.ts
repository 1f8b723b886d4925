// Certificates that are valid in themselves, and hardly what was meant beside the rest of the configuration.
import { isIP } from 'node:net'
import { rootCertificates } from 'node:tls'
import type { GatewayOptions } from '../core/index.ts'
import { certificatesOf, chooseCertificate, describeCertificate, nameCovers } from '../listen/index.ts'
import { listed, type Path, Wrong } from './errors.ts'

/** How many names a message shows. */
const mostNames = 5

/** Whether clients that ask for a host, or for some host of `*.example.com`, can be shown a certificate with this name. */
function serves(name: string, host: string): boolean {
  return nameCovers(name, host) || (host.startsWith('*.') && name.endsWith(host.slice(1)))
}

let publicRoots: Set<string> | undefined

const bare = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '')

/** Whether one of these authorities is among those of the runtime. */
function holdsPublicRoot(ca: string): boolean {
  publicRoots ??= new Set(rootCertificates.map(bare))
  const own = ca.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return own.some((pem) => publicRoots!.has(bare(pem)))
}

/** Routes whose host no certificate bears, and certificates that nobody is shown. */
export function certificateWarnings({
  listen,
  routes,
  acme,
}: GatewayOptions): { path: Path; wrong: Wrong }[] {
  const found: { path: Path; wrong: Wrong }[] = []
  const names = new Set(listen.some(({ auto }) => auto) ? acme?.names : [])
  for (const [index, listener] of listen.entries()) {
    const described = certificatesOf(listener).map(describeCertificate)
    for (const name of described.flatMap((one) => one.names)) names.add(name)
    if (listener.clientCertificates && holdsPublicRoot(listener.clientCertificates.ca)) {
      const wrong = new Wrong(
        'holds a public authority: whoever has any certificate of it is let in',
        'name the file of an authority of your own',
      )
      found.push({ path: ['listen', index, 'clientCertificates', 'ca'], wrong })
    }
    const shown = new Set(chooseCertificate(described).results.flat())
    for (const number of described.keys()) {
      if (shown.has(number)) continue
      const wrong = new Wrong(
        'is never shown: certificates before it have all of its names',
        'remove it, or put it first',
      )
      found.push({ path: ['listen', index, 'tls', number], wrong })
    }
  }
  if (names.size === 0) return found
  const known = [...names]
  const shown = listed([...known.slice(0, mostNames), ...(known.length > mostNames ? ['others'] : [])])
  for (const [index, { match }] of routes.entries()) {
    const { host } = match
    if (host === undefined || isIP(host) !== 0 || known.some((name) => serves(name, host))) continue
    const wrong = new Wrong(
      `is a name that no certificate bears, so that clients of wss refuse it; there is ${shown}`,
      acme ? 'add it to acme.names' : 'add a certificate for it under listen[].tls',
    )
    found.push({ path: ['routes', index, 'match', 'host'], wrong })
  }
  return found
}
