// Which side of a proxy a fault is on, from the same walk on both sides of it.
import { randomUUID } from 'node:crypto'
import { type Finding, type FindingCode, finding, type Layer } from '../findings.ts'
import { alike } from './alike.ts'
import type { HttpAnswer } from './answer.ts'
import type { Prober } from './prober.ts'
import { signature } from './refusal.ts'
import { kibibytes } from './seconds.ts'
import type { LayerReport, Walked } from './walk.ts'

/** Where a fault is: in the proxy, or on the way to it; in the backend; in both, each its own; in neither. */
export type Side = 'proxy' | 'backend' | 'both' | 'none'

const beforeProxy: Layer[] = ['url', 'dns', 'tcp', 'tls']

/** The first layer with an error. */
export function firstFault({ layers }: Pick<Walked, 'layers'>): LayerReport | undefined {
  return layers.find(({ level }) => level === 'error')
}

/** Compares what the two walks ended with. Pure. */
export function sideOf(publicly: Pick<Walked, 'layers'>, directly: Pick<Walked, 'layers'>): Side {
  const front = firstFault(publicly)
  const back = firstFault(directly)
  if (!front) return back ? 'backend' : 'none'
  if (!back) return 'proxy'
  // A fault that comes before the proxy asks the backend is its own, and hides what is behind it.
  if (beforeProxy.includes(front.layer)) return 'both'
  // Nothing can be right in front of a backend that takes no WebSocket.
  if (!wasAccepted(directly)) return 'backend'
  const known = errorsOf(directly)
  return errorsOf(publicly).every((code) => known.includes(code)) ? 'backend' : 'both'
}

function wasAccepted({ layers }: Pick<Walked, 'layers'>): boolean {
  return layers.some(({ layer }) => layer === 'accept')
}

function errorsOf({ layers }: Pick<Walked, 'layers'>): FindingCode[] {
  const found = layers.flatMap(({ findings }) => findings)
  return found.filter(({ level }) => level === 'error').map(({ code }) => code)
}

/** The verdict in words; nothing when both sides are healthy. */
export function verdict(publicly: Walked, directly: Walked): Finding | undefined {
  const [front, back] = [firstFault(publicly), firstFault(directly)]
  const proxy = errorsOf(publicly)[0] ?? 'none'
  const backend = errorsOf(directly)[0] ?? 'none'
  const where = { layer: front?.layer ?? back?.layer ?? 'url' } as const
  switch (sideOf(publicly, directly)) {
    case 'proxy':
      return finding('fault-in-proxy', { proxy }, where)
    case 'backend':
      return front
        ? finding('fault-in-backend', { proxy, backend }, where)
        : finding('upstream-elsewhere', { backend }, where)
    case 'both':
      return finding('fault-in-both', { proxy, backend }, where)
    case 'none':
      return undefined
  }
}

const mayBeRefined: FindingCode[] = [
  'upgrade-lost',
  'upgrade-ignored',
  'upgrade-refused',
  'path-not-found',
  'server-error',
  'backend-unreachable',
  'backend-unavailable',
  'backend-timeout',
]

/** The head of an answer that a proxy need not have room for: nginx has one page of memory by default. */
const largeHead = 3_500

/**
 * Says more of a refusal by the proxy when the backend, asked directly, accepts: it asks the backend what it says
 * to the handshake as different faults of a proxy would pass it on, and looks which of these answers came through.
 */
export async function refine(publicly: Walked, directly: Walked): Promise<Finding | undefined> {
  const code = firstFault(publicly)?.findings[0]?.code
  const { answer } = publicly
  const backend = directly.prober
  const accepted = directly.answer
  if (!code || !mayBeRefined.includes(code) || answer?.is !== 'answer') return undefined
  if (!backend || accepted?.is !== 'answer' || accepted.status !== 101) return undefined
  return answer.status >= 500 ? badStatus(answer, accepted) : passedOn(answer, backend)
}

function badStatus(answer: HttpAnswer, accepted: HttpAnswer): Finding {
  const where = { layer: 'upgrade' } as const
  const { status } = answer
  const by = signature(answer)
  const size = accepted.headers.reduce((sum, [name, value]) => sum + name.length + value.length + 4, 0)
  if (status === 502 && size > largeHead) {
    return finding('answer-headers-too-large', { status, by, size: kibibytes(size) }, where)
  }
  return finding('proxy-misses-backend', { status, by }, where)
}

async function passedOn(answer: HttpAnswer, backend: Prober): Promise<Finding | undefined> {
  const where = { layer: 'upgrade' } as const
  const { status } = answer
  const by = signature(answer)
  const elsewhere = `/holdfast-check-${randomUUID()}`
  const [bare, old, moved] = await Promise.all([
    backend.attempt({ upgrade: false }),
    backend.attempt({ version: '1.0' }),
    backend.attempt({ target: elsewhere }),
  ])
  const same = (other: typeof bare) => other.answer.is === 'answer' && alike(answer, other.answer)
  if (same(bare)) return same(moved) ? undefined : finding('upgrade-lost', { status, by }, where)
  if (same(old)) return finding('upgrade-as-http10', { status, by }, where)
  if (same(moved)) {
    return finding('path-changed', { status, target: backend.target.endpoint.target }, where)
  }
  return finding('path-not-routed', { status, by, target: backend.target.endpoint.target }, where)
}
