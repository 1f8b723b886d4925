import { type Finding, finding } from '../findings.ts'
import type { HttpAnswer } from './answer.ts'
import type { Endpoint } from './endpoint.ts'
import { headerOf } from './request.ts'

const where = { layer: 'upgrade' } as const

/** Browsers follow no redirect of a handshake, so the URL has to be the right one at once. */
export function explainRedirect({ status, headers }: HttpAnswer, endpoint: Endpoint): Finding {
  const asHttp = endpoint.url.replace(/^ws/, 'http')
  const location = headerOf(headers, 'location') ?? ''
  if (!URL.canParse(location, asHttp))
    return finding('redirect', { status, to: location || 'nowhere' }, where)
  const to = new URL(location, asHttp)
  const here = new URL(asHttp)
  const url = to.href.replace(/^http/, 'ws')
  const samePlace = to.hostname === here.hostname && to.pathname === here.pathname
  const toHttps = to.protocol === 'https:' && !endpoint.secure
  return finding(samePlace && toHttps ? 'redirect-to-https' : 'redirect', { status, to: url }, where)
}
