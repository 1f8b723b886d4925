import dns from 'node:dns/promises'
import net from 'node:net'
import { type Finding, finding } from '../findings.ts'
import type { Endpoint } from './endpoint.ts'
import { seconds } from './seconds.ts'

const where = { layer: 'dns' } as const

/** More addresses of one name than this are not tried. */
const maxAddresses = 8

/** Finds the addresses of a name, or rejects as the functions of node:dns do. */
export type Lookup = (host: string) => Promise<string[]>

/** As the system finds them: hosts file, DNS and whatever else it is set up for. */
export const systemLookup: Lookup = async (host) => {
  const all = await dns.lookup(host, { all: true, order: 'verbatim' })
  return all.map(({ address }) => address)
}

/** The addresses of a host, in the order in which clients try them. */
export async function lookUp(
  { host }: Endpoint,
  lookup: Lookup,
  timeout: number,
  limit: AbortSignal,
): Promise<{ addresses: string[]; finding: Finding }> {
  if (net.isIP(host)) return { addresses: [host], finding: finding('dns-address', { host }, where) }
  const found = await withinLimit(addressesOf(host, lookup), limit)
  if (found === undefined || found === 'no answer') {
    const args = { host, after: seconds(timeout) }
    return { addresses: [], finding: finding('dns-no-answer', args, where) }
  }
  if (found === 'not found') return { addresses: [], finding: finding('dns-not-found', { host }, where) }
  const args = { host, addresses: found.join(', ') }
  return { addresses: found, finding: finding('dns-found', args, where) }
}

async function addressesOf(host: string, lookup: Lookup): Promise<string[] | 'not found' | 'no answer'> {
  try {
    const all = [...new Set(await lookup(host))].slice(0, maxAddresses)
    return all.length > 0 ? all : 'not found'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAI_AGAIN' ? 'no answer' : 'not found'
  }
}

/** The system's lookup cannot be stopped; it is left behind when the limit fires. */
function withinLimit<T>(work: Promise<T>, limit: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const stop = () => resolve(undefined)
    limit.addEventListener('abort', stop)
    if (limit.aborted) stop()
    work.then(resolve, reject).finally(() => limit.removeEventListener('abort', stop))
  })
}
