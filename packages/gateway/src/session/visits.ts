// A connection's place among those of its upstream: its count there, and what shows that the upstream stops. Next: upstream-watch.ts.
import type { UpgradeRequest } from '../http/index.ts'
import type { Member, Upstream, UpstreamPool, Visit } from '../upstream/index.ts'

export class Visits {
  readonly #pool: UpstreamPool
  readonly #member: Member
  #upstream: Upstream | undefined
  #visit: Visit | undefined
  #release: () => void

  /** `release` ends the counting at the upstream; it does nothing where there is none. */
  constructor(pool: UpstreamPool, member: Member, upstream: Upstream | undefined, release: () => void) {
    this.#pool = pool
    this.#member = member
    this.#release = release
    if (upstream) this.begin(upstream, release)
  }

  /** From now on the connection goes through this one. */
  begin(upstream: Upstream, release: () => void): void {
    this.#visit?.over()
    this.#upstream = upstream
    this.#release = release
    this.#visit = this.#pool.watch(upstream).opened(this.#member)
  }

  /** The upstream has ended it. */
  endedByUpstream(): void {
    this.#visit?.endedByUpstream()
  }

  /** The upstream has left a Ping unanswered; `gone`: it is given up. */
  unanswered(gone: boolean): void {
    if (gone) this.#visit?.gaveUp()
    else if (this.#upstream) this.#pool.watch(this.#upstream).unanswered()
  }

  /** It ends, or goes to another process. */
  over(): void {
    this.#release()
    this.#visit?.over()
  }

  /** Whether the upstream that has just closed the connection stops. */
  async stops(request: UpgradeRequest, protocol: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { target, host, authority } = request
    const watch = this.#upstream && this.#pool.watch(this.#upstream)
    return (await watch?.stops({ target, host, authority, protocol }, signal)) ?? false
  }
}
