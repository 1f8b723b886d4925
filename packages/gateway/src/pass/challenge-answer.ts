// What an authority gets that comes to see whose a name is. Any other request under that path is the routes'.
import type { PlainRequest } from '../listen/index.ts'

/** RFC 8555 8.3: the path is this, and the token behind it. */
const prefix = '/.well-known/acme-challenge/'

export function challengeAnswer(
  { method, target }: Pick<PlainRequest, 'method' | 'target'>,
  answers: Readonly<Record<string, string>>,
): string | undefined {
  if (!target.startsWith(prefix) || (method !== 'GET' && method !== 'HEAD')) return undefined
  const token = target.slice(prefix.length)
  return Object.hasOwn(answers, token) ? answers[token] : undefined
}
