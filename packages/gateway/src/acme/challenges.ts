// By which challenges an authority can be shown that a name is this gateway's, as far as its listeners say.
import { type AcmeOptions, type ListenOptions, unixPath } from '../core/index.ts'
import type { ChallengeType } from './client.ts'

/** The best first: what an authority reaches without a port being mapped. Authorities come to port 80 or to port 443. */
export function challengesOf(
  { challenge }: Pick<AcmeOptions, 'challenge'>,
  listeners: readonly ListenOptions[],
): ChallengeType[] {
  if (challenge !== 'auto') return [challenge]
  const plain = listeners.filter(({ tls, host }) => !tls && unixPath(host) === undefined)
  const secure = listeners.filter(({ auto }) => auto)
  const onPort: ChallengeType[] = [
    ...(plain.some(({ port }) => port === 80) ? (['http-01'] as const) : []),
    ...(secure.some(({ port }) => port === 443) ? (['tls-alpn-01'] as const) : []),
  ]
  const possible: ChallengeType[] = [
    ...(secure.length > 0 ? (['tls-alpn-01'] as const) : []),
    ...(plain.length > 0 ? (['http-01'] as const) : []),
  ]
  return [...new Set([...onPort, ...possible])]
}
