import net from 'node:net'
import { type Finding, finding } from '../findings.ts'
import { bracketed, type Endpoint } from './endpoint.ts'
import { until } from './limit.ts'
import { seconds } from './seconds.ts'

const where = { layer: 'tcp' } as const

/** A TCP connection, or the system's name for why there is none; 'late' when the signal fired before. */
export type Attempt =
  | { ok: true; address: string; socket: net.Socket }
  | { ok: false; address: string; code: string }

/** Connects to one address. */
export async function connect(address: string, port: number, signal: AbortSignal): Promise<Attempt> {
  const socket = net.connect({ host: address, port })
  socket.setNoDelay(true)
  let code = ''
  socket.on('error', (error: NodeJS.ErrnoException) => {
    code ||= error.code ?? 'unknown'
  })
  await until(signal, (wake) => {
    socket.on('connect', wake).on('close', wake)
    return () => socket.off('connect', wake).off('close', wake)
  })
  if (socket.readyState === 'open') return { ok: true, address, socket }
  socket.destroy()
  return { ok: false, address, code: code || 'late' }
}

/** Tries all addresses of an endpoint; the first that answers, in their order, is the one to go on with. */
export async function reach(
  endpoint: Endpoint,
  addresses: readonly string[],
  limit: AbortSignal,
  timeout: number,
): Promise<{ address?: string; finding: Finding }> {
  const { port } = endpoint
  const attempts = await Promise.all(addresses.map((address) => connect(address, port, limit)))
  for (const attempt of attempts) if (attempt.ok) attempt.socket.destroy()
  const open = attempts.find(({ ok }) => ok)
  const failed = attempts.filter((attempt) => !attempt.ok)
  if (!open) return { finding: noneAnswered(endpoint, failed, timeout) }
  const { address } = open
  const place = `${bracketed(address)}:${port}`
  if (failed.length === 0) return { address, finding: finding('tcp-open', { place }, where) }
  const others = failed.map(({ address, code }) => `${bracketed(address)} (${words(code)})`).join(', ')
  return { address, finding: finding('tcp-partly', { place, failed: others }, where) }
}

type Failed = Extract<Attempt, { ok: false }>

/** Of several failures the one that says most: a refusal comes from the machine itself. */
function noneAnswered({ host, port }: Endpoint, failed: readonly Failed[], timeout: number): Finding {
  const place = `${bracketed(host)}:${port}`
  const codes = failed.map(({ code }) => code)
  if (codes.includes('ECONNREFUSED')) return finding('tcp-refused', { place, port }, where)
  const other = codes.find((code) => !isSilence(code))
  if (other) return finding('tcp-unreachable', { place, host, words: words(other) }, where)
  return finding('tcp-no-answer', { place, after: seconds(timeout), port }, where)
}

const names: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to this host',
  ENETUNREACH: 'no route to this network',
  EADDRNOTAVAIL: 'address not available',
  ETIMEDOUT: 'no answer',
  EACCES: 'not allowed here',
  EPERM: 'not allowed here',
  late: 'no answer',
}

/** Whether nobody said anything, for so long as was waited for it. */
export function isSilence(code: string): boolean {
  return code === 'late' || code === 'ETIMEDOUT'
}

/** The system's name of a failure in words. */
export function words(code: string): string {
  return names[code] ?? code
}
