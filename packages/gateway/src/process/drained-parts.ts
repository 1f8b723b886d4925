// What the operator has drained: it stays so over a reload, and in workers that start later, until somebody takes it back.
import type { DrainScope, GatewayOptions } from '../core/index.ts'

/** A route, or one upstream of it. */
export interface DrainedPart {
  route: string
  upstream?: string
  /** The drain's, the same in all workers. */
  id: number
}

type Routes = Pick<GatewayOptions, 'routes'>

export class DrainedParts {
  #all: DrainedPart[] = []

  get all(): readonly DrainedPart[] {
    return this.#all
  }

  /** Takes note of a drain; the result is what it is in each route. */
  add(scope: DrainScope, id: number, options: Routes): DrainedPart[] {
    const parts = partsOf(scope, id, options)
    this.#all = [...this.#all.filter((one) => !parts.some((part) => same(one, part))), ...parts]
    return parts
  }

  /** Goes on with what another process has. */
  replace(parts: readonly DrainedPart[]): void {
    this.#all = [...parts]
  }

  /** Forgets what is in the scope, and all without one; the result is what that was. */
  remove({ route, upstream }: DrainScope): DrainedPart[] {
    const isMeant = (part: DrainedPart) =>
      (route === undefined || part.route === route) && (upstream === undefined || part.upstream === upstream)
    const removed = this.#all.filter(isMeant)
    this.#all = this.#all.filter((part) => !isMeant(part))
    return removed
  }

  /** Forgets what is not in the configuration any more. */
  reloaded(options: Routes): void {
    this.#all = this.#all.filter((part) => partsOf(part, part.id, options).length > 0)
  }
}

function partsOf({ route, upstream }: DrainScope, id: number, { routes }: Routes): DrainedPart[] {
  return routes
    .filter(({ name, upstreams }) => {
      const has = upstream === undefined || upstreams.some((one) => one.name === upstream)
      return (route === undefined || name === route) && has
    })
    .map(({ name }) => ({ route: name, id, ...(upstream !== undefined && { upstream }) }))
}

function same(a: DrainedPart, b: DrainedPart): boolean {
  return a.route === b.route && a.upstream === b.upstream
}

/** For people: `route chat`, `upstream ws://a of route chat`. */
export function partWords({ route, upstream }: DrainedPart): string {
  return upstream === undefined ? `route ${route}` : `upstream ${upstream} of route ${route}`
}
