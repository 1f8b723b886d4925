import type { Finding } from './findings.ts'
import { firstFault, refine, type Side, sideOf, verdict } from './probe/compare.ts'
import { readEndpoint, readUpstream } from './probe/endpoint.ts'
import { type Lookup, systemLookup } from './probe/lookup.ts'
import type { HeaderList } from './probe/request.ts'
import { type LayerReport, type Walked, type WalkOptions, walk } from './probe/walk.ts'

export type { Side } from './probe/compare.ts'
export type { Lookup } from './probe/lookup.ts'
export type { HeaderList } from './probe/request.ts'
export type { LayerReport } from './probe/walk.ts'

/** What a check looks at besides the URL, and how long it may take. */
export interface CheckOptions {
  /**
   * The backend behind the proxy at the URL, asked directly, to tell on which side a fault is. Without a path it gets
   * that of the URL.
   *
   * @default none: only the URL is looked at
   */
  upstream?: string
  /**
   * Subprotocols to offer, in order. Source: RFC 6455 4.1.
   *
   * @default []
   */
  protocols?: readonly string[]
  /**
   * Headers to send with the handshake, such as Cookie, Authorization or Origin.
   *
   * @default []
   */
  headers?: HeaderList
  /**
   * Milliseconds that each step may take: a lookup, a connection, an answer, a Pong.
   *
   * @default 5000
   */
  timeout?: number
  /**
   * Milliseconds of silence that a connection must survive; 70,000 finds limits of a minute.
   *
   * @default 3000
   */
  idle?: number
  /**
   * PEM of an authority to trust beside the runtime's own.
   *
   * @default none
   */
  ca?: string
  /**
   * Finds the addresses of a name.
   *
   * @default as the system does: hosts file and DNS
   */
  lookup?: Lookup
  /**
   * Unix milliseconds, to judge certificates by.
   *
   * @default Date.now
   */
  now?: () => number
  /**
   * Ends the check at once; what is known by then is the result.
   *
   * @default none: each step has a limit
   */
  signal?: AbortSignal
  /** Called as each layer is done, first for the URL and then for the upstream. */
  onLayer?(report: LayerReport, endpoint: 'url' | 'upstream'): void
}

/** What is known of one endpoint. */
export interface EndpointReport {
  /** As it was given. */
  url: string
  /**
   * What was found, in the order in which a connection meets the layers; up to the one that makes the next
   * impossible.
   */
  layers: LayerReport[]
  /** Whether all layers were looked at and none has an error. */
  healthy: boolean
}

/** What a check found, layer by layer. */
export interface CheckResult extends EndpointReport {
  /** False when the signal ended the check before its end. */
  complete: boolean
  /** With the option `upstream`: the same of the backend, asked directly. */
  upstream?: EndpointReport
  /** With `upstream`: the side on which the fault is. */
  side?: Side
  /** With `upstream`: what the two together show, most telling first. */
  conclusions: Finding[]
}

/** RFC 9110 5.6.2, "token". */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/**
 * Goes through the layers of a live WebSocket endpoint, from its URL over DNS, TCP, TLS and the handshake to its
 * behaviour, and says what is wrong. It stops where one layer makes the next impossible. Never rejects for what the
 * endpoint does; every layer has a limit.
 *
 * @throws {TypeError} for a subprotocol or header that cannot be sent.
 */
export async function check(url: string, options: CheckOptions = {}): Promise<CheckResult> {
  const { upstream, protocols = [], headers = [], signal = new AbortController().signal } = options
  for (const protocol of protocols) {
    if (!token.test(protocol)) throw new TypeError(`not a subprotocol: ${JSON.stringify(protocol)}`)
  }
  for (const [name, value] of headers) {
    // RFC 9110 5.5: CR, LF and NUL are dangerous in a field value.
    if (token.test(name) && !/[\r\n\0]/.test(value)) continue
    throw new TypeError(`not a header: ${JSON.stringify(`${name}: ${value}`)}`)
  }
  const { timeout = 5_000, idle = 3_000, ca, lookup = systemLookup, now = Date.now, onLayer } = options
  const wishes = { protocols, headers }
  const common = { wishes, timeout, idle, lookup, now, signal, ...(ca !== undefined && { ca }) }
  const read = readEndpoint(url)
  if (upstream === undefined) {
    const walked = await walk(read, { ...common, onLayer: (report) => onLayer?.(report, 'url') })
    return { ...report(url, walked, signal), complete: !signal.aborted, conclusions: [] }
  }
  const second = readUpstream(upstream, read.endpoint?.target ?? '/')
  const [publicly, directly] = await both(read, second, common, onLayer)
  const conclusions = signal.aborted ? [] : await conclude(publicly, directly)
  return {
    ...report(url, publicly, signal),
    upstream: report(upstream, directly, signal),
    ...(!signal.aborted && { side: sideOf(publicly, directly) }),
    complete: !signal.aborted,
    conclusions,
  }
}

type Read = ReturnType<typeof readEndpoint>

/** Walks both at the same time; what comes of the second is told when the first is done. */
async function both(
  first: Read,
  second: Read,
  options: Omit<WalkOptions, 'onLayer'>,
  onLayer: CheckOptions['onLayer'],
): Promise<[Walked, Walked]> {
  let firstDone = false
  const waiting: LayerReport[] = []
  const tellFirst = async () => {
    const walked = await walk(first, { ...options, onLayer: (report) => onLayer?.(report, 'url') })
    firstDone = true
    for (const report of waiting) onLayer?.(report, 'upstream')
    return walked
  }
  const tellSecond = (report: LayerReport) => {
    if (firstDone) onLayer?.(report, 'upstream')
    else waiting.push(report)
  }
  return Promise.all([tellFirst(), walk(second, { ...options, onLayer: tellSecond })])
}

async function conclude(publicly: Walked, directly: Walked): Promise<Finding[]> {
  const found = [verdict(publicly, directly), await refine(publicly, directly)]
  const known = new Set(firstFault(publicly)?.findings.map(({ code }) => code))
  return found.filter((it) => it !== undefined).filter(({ code }) => !known.has(code))
}

function report(url: string, { layers }: Walked, signal: AbortSignal): EndpointReport {
  return { url, layers, healthy: !signal.aborted && layers.every(({ level }) => level !== 'error') }
}
