// Changes of an upstream, as the log and whoever listens hear of them.
import type { Logger } from 'pino'
import type { StopProof } from './stopping.ts'
import { addressOf, type GroupDeps, type Upstream } from './upstream-group.ts'

type Listener = (upstream: Upstream) => void

/** What an operator reads as the upstream's last failure. */
export const stopWords: Record<Exclude<StopProof, 'refuses'>, string> = {
  busy: 'stopping: status 503',
  'throws-out': 'stopping: ends new connections at once',
  'closes-most': 'stopping: closed most of its connections',
  silent: 'connections are not answered',
}

export class UpstreamReports {
  readonly #route: () => string
  readonly #log: Pick<Logger, 'info' | 'warn' | 'error'>
  readonly #onHealth = new Set<Listener>()
  readonly #onFails = new Set<Listener>()

  /** `route`: its name. */
  constructor(route: () => string, log: Pick<Logger, 'info' | 'warn' | 'error'>) {
    this.#route = route
    this.#log = log
  }

  /** Calls the listener when an upstream has become healthy or unhealthy; the result ends that. */
  onHealth(listener: Listener): () => void {
    this.#onHealth.add(listener)
    return () => this.#onHealth.delete(listener)
  }

  /** Calls the listener when an upstream that nothing probes has begun to fail, or has answered again; the result ends that. */
  onFails(listener: Listener): () => void {
    this.#onFails.add(listener)
    return () => this.#onFails.delete(listener)
  }

  /** What a name of the configuration stands for has changed, or could not be looked up. */
  groupChanged(
    name: string,
    change: Parameters<GroupDeps['onChange']>[0],
    current: readonly Upstream[],
  ): void {
    const about = { route: this.#route(), upstream: name }
    if (change === 'lookup-failed')
      this.#log.warn({ ...about, error: current[0]?.lookupFailure }, 'name lookup failed')
    else if (change === 'lookup-works') this.#log.info(about, 'name lookup works again')
    else this.#log.info({ ...about, addresses: current.map(({ target }) => target.host) }, 'new addresses')
  }

  /** It stops, by this proof; undefined: it takes clients again. */
  stops(upstream: Upstream, by: StopProof | undefined): void {
    const about = this.#about(upstream)
    if (by === undefined) this.#log.info(about, 'upstream takes clients again')
    else this.#log.warn({ ...about, by }, 'upstream is stopping')
  }

  failsChanged(upstream: Upstream): void {
    const about = this.#about(upstream)
    if (upstream.fails) {
      const next = `holdfast check ${upstream.name}`
      this.#log.warn({ ...about, error: upstream.lastError, next }, 'upstream is failing (not probed)')
    } else this.#log.info(about, 'upstream answers again')
    this.#tell(this.#onFails, upstream)
  }

  /** `also` is done between the line of the log and the listeners. */
  healthChanged(upstream: Upstream, also: () => void): void {
    const { name, healthy, lastError } = upstream
    const about = this.#about(upstream)
    const next = `holdfast check ${name}`
    if (healthy) this.#log.info(about, 'upstream is healthy again')
    else this.#log.warn({ ...about, error: lastError, next }, 'upstream is unhealthy')
    also()
    this.#tell(this.#onHealth, upstream)
  }

  /** For the log: which upstream, and where. */
  #about(upstream: Upstream) {
    return { route: this.#route(), upstream: upstream.name, address: addressOf(upstream.target) }
  }

  #tell(listeners: ReadonlySet<Listener>, upstream: Upstream): void {
    for (const listener of [...listeners]) {
      try {
        listener(upstream)
      } catch (error) {
        this.#log.error({ err: error }, 'a health listener threw')
      }
    }
  }
}
