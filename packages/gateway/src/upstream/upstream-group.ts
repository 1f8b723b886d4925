// One entry of a route's `upstreams`: itself, or every address of its name.
import type { Clock, RouteChanges, UnixMs, UpstreamOptions } from '../core/index.ts'
import type { DialTarget } from './dial.ts'
import { assumedHealthy, type Health, noRest, type Rest } from './health.ts'
import type { Candidate } from './pick-upstream.ts'
import { type Lookup, resolveAgain } from './resolve.ts'

/** A place that clients' connections are dialled to. The same object as long as it is in use, across reloads. */
export class Upstream implements Candidate {
  /** The name, and the address when there may be several of one name. */
  readonly id: string
  /** As configured; all addresses of a `dns:` upstream share it. */
  readonly name: string
  target: DialTarget
  weight: number
  connections = 0
  health: Health = assumedHealthy
  rest: Rest = noRest
  /** What went wrong with the last dial or probe. */
  failure: string | undefined
  /** Of the last dial or probe. */
  triedAt: UnixMs | undefined
  /** What went wrong with the last lookup of its name. */
  lookupFailure: string | undefined

  constructor(options: UpstreamOptions, changes: RouteChanges = {}, host = options.host) {
    const { name, weight } = options
    this.id = host === options.host ? name : `${name} ${host}`
    this.name = name
    this.target = targetOf(options, changes, host)
    this.weight = weight
  }

  /** Takes over new options of the same name. */
  update(options: UpstreamOptions, changes: RouteChanges): void {
    this.target = targetOf(options, changes, this.target.host)
    this.weight = options.weight
  }

  get healthy(): boolean {
    return this.health.name === 'healthy'
  }

  /** Without `health`: whether its last dial failed, or its name cannot be looked up. */
  get fails(): boolean {
    return this.rest.failures > 0 || this.lookupFailure !== undefined
  }

  /** The last failure, in words for operators; undefined when it has worked since. */
  get lastError(): string | undefined {
    return this.failure ?? this.lookupFailure
  }
}

function targetOf(
  { tls, host: serverName, port, path, socketPath, secure }: UpstreamOptions,
  { strip, rewrite, host: asked, headers }: RouteChanges,
  host: string,
): DialTarget {
  const changes = { strip, rewrite, host: asked, headers }
  return { tls, host, port, serverName, path, ...(socketPath && { socketPath }), secure, changes }
}

/** The address that is dialled. */
export function addressOf({ host, port, socketPath }: DialTarget): string {
  return socketPath === undefined ? `${host}:${port}` : `unix:${socketPath}`
}

export interface GroupDeps {
  clock: Clock
  lookup: Lookup
  /** Called after `current` changed, with a lookup that failed, or with one that works again. */
  onChange: (change: 'addresses' | 'lookup-failed' | 'lookup-works') => void
}

export class UpstreamGroup {
  /**
   * Those that may be picked. Until the first lookup of a name has succeeded this is the name itself, so that a client
   * who comes so early is served, or told what is wrong with the name.
   */
  current: Upstream[]
  /** Those that may not be picked any more but were in use when that began. */
  #leaving: Upstream[] = []
  #options: UpstreamOptions
  #changes: RouteChanges
  readonly #deps: GroupDeps
  #started = false
  #stopLookups: (() => void) | undefined

  constructor(options: UpstreamOptions, changes: RouteChanges, deps: GroupDeps) {
    this.#options = options
    this.#changes = changes
    this.#deps = deps
    this.current = [new Upstream(options, changes)]
  }

  get name(): string {
    return this.#options.name
  }

  /** All that connections may be open through. */
  get all(): Upstream[] {
    return [...this.current, ...this.#leaving.filter(({ connections }) => connections > 0)]
  }

  /** Begins to look the name up, if it is a `dns:` upstream. */
  start(): void {
    this.#started = true
    this.#lookUp()
  }

  stop(): void {
    this.#started = false
    this.#stopLookups?.()
  }

  /** Takes over new options of the same name. */
  update(options: UpstreamOptions, changes: RouteChanges): void {
    const { dnsEvery } = this.#options
    this.#options = options
    this.#changes = changes
    for (const upstream of this.all) upstream.update(options, changes)
    if (options.dnsEvery === dnsEvery) return
    this.#stopLookups?.()
    if (options.dnsEvery === undefined) {
      this.#lookupEnded(undefined)
      this.#use([options.host])
    } else if (this.#started) {
      this.#lookUp()
    }
  }

  #lookUp(): void {
    const { host: name, dnsEvery: every } = this.#options
    this.#stopLookups?.()
    if (every === undefined) return
    const { clock, lookup } = this.#deps
    this.#stopLookups = resolveAgain({
      name,
      every,
      lookup,
      clock,
      onAddresses: (addresses) => {
        this.#lookupEnded(undefined)
        this.#use(addresses)
      },
      onFailure: (words) => this.#lookupEnded(words),
    })
  }

  /** Makes these addresses the current ones; what is known of them stays. */
  #use(addresses: readonly string[]): void {
    const known = new Map(this.all.map((upstream) => [upstream.target.host, upstream]))
    const before = this.current
    const stay = before.filter(({ target }) => addresses.includes(target.host))
    const join = addresses.filter((address) => !stay.some(({ target }) => target.host === address))
    this.current = [
      ...stay,
      ...join.map((host) => known.get(host) ?? new Upstream(this.#options, this.#changes, host)),
    ]
    this.#leaving = [...known.values()].filter((upstream) => !this.current.includes(upstream))
    if (stay.length < before.length || join.length > 0) this.#deps.onChange('addresses')
  }

  #lookupEnded(failure: string | undefined): void {
    const before = this.current[0]?.lookupFailure
    for (const upstream of this.current) upstream.lookupFailure = failure
    if (before === failure) return
    this.#deps.onChange(failure === undefined ? 'lookup-works' : 'lookup-failed')
  }
}
