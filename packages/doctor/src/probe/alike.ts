import type { Answer, HttpAnswer } from './answer.ts'
import { headerOf } from './request.ts'

/** Whether two answers come from the same piece of a server: same status, same type, much the same words. */
export function alike(a: Answer, b: Answer): boolean {
  if (a.is !== 'answer' || b.is !== 'answer') return false
  // Proxies written in Go add a type where there is none.
  const types = new Set([typeOf(a), typeOf(b)].filter((type) => type !== ''))
  if (a.status !== b.status || types.size > 1) return false
  const [one, other] = [wordsOf(a.body), wordsOf(b.body)]
  const all = new Set([...one, ...other])
  const common = [...one].filter((word) => other.has(word)).length
  return all.size === 0 || common / all.size >= 0.5
}

function typeOf({ headers }: HttpAnswer): string {
  return (headerOf(headers, 'content-type') ?? '').split(';')[0]!.trim().toLowerCase()
}

/** Numbers and paths differ from one request to the next, so that they do not count. */
function wordsOf(body: string): Set<string> {
  return new Set(body.toLowerCase().match(/(?<![\w/])[a-z]{2,}(?![\w/])/g) ?? [])
}
