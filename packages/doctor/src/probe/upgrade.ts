import { type Finding, finding } from '../findings.ts'
import type { Prober, Reply } from './prober.ts'
import { explainRefusal, tooLarge } from './refusal.ts'
import { kibibytes } from './seconds.ts'

const where = { layer: 'upgrade' } as const

/** RFC 6265 6.1: user agents keep cookies of "at least 4096 bytes", name and value together. */
const largeCookie = 4096
/** As much as a session and a token come to. */
const usualCookies = 2048

/** Says what the answer to the handshake means, and whether it would be the same with large cookies. */
export async function explainUpgrade({ answer, wire }: Reply, prober: Prober): Promise<Finding> {
  if (!wire) return prober.budgeted((it) => explainRefusal(answer, it))
  return (await prober.budgeted(refusesCookies)) ?? finding('upgrade-accepted', {}, where)
}

/** Whether a handshake with cookies as a browser may send them is refused where one without them is not. */
async function refusesCookies(prober: Prober): Promise<Finding | undefined> {
  const sent = prober.wishes.headers.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
  const refuses = async (cookieBytes: number) => tooLarge((await prober.attempt({ cookieBytes })).answer)
  if (sent >= largeCookie) return undefined
  const large = await refuses(largeCookie)
  if (large === undefined) return undefined
  const usual = await refuses(usualCookies)
  if (!(await prober.attempt({})).accepted) return undefined
  const size = kibibytes(usual === undefined ? largeCookie : usualCookies)
  const level = usual === undefined ? 'warning' : 'error'
  return finding('headers-too-large', { answer: usual ?? large, size }, where, level)
}
