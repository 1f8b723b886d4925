// One nginx configuration as it is judged, and which of its proxied blocks WebSockets are meant to go through.

import type { Report } from './context.ts'
import type { Directive } from './directive.ts'
import {
  around,
  conditionHolds,
  effective,
  locationOf,
  reached,
  type Scope,
  serverOf,
  type Variables,
} from './nginx-scope.ts'
import { handshakes } from './truth.ts'
import { looksLikeWebSocket } from './websocket.ts'

export interface Nginx {
  scopes: readonly Scope[]
  variables: Variables
  upstreams: ReadonlyMap<string, Directive>
  /** Whether every definition must be in what was read. */
  whole: boolean
  report: Report
}

export function own(scope: Scope, name: string): Directive | undefined {
  return scope.own.find((directive) => directive.name === name)
}

export function asksForUpgrade({ args: [name = '', value = ''] }: Directive): boolean {
  return name.toLowerCase() === 'upgrade' || (name.toLowerCase() === 'connection' && /upgrade/i.test(value))
}

/**
 * The proxied blocks that WebSockets are meant to go through. When nothing in the configuration says so, they are
 * those that take most requests of each server: somebody asks why WebSockets fail.
 */
export function webSocketScopes(nginx: Nginx, all: readonly Scope[]): readonly Scope[] {
  const proxies = all.filter((scope) =>
    handshakes.some((request) => reached(scope, nginx.variables, request) !== false),
  )
  const meant = proxies.filter((scope) => {
    const target = own(scope, 'proxy_pass')?.args[0] ?? ''
    const name =
      serverOf(scope)
        ?.own.find((directive) => directive.name === 'server_name')
        ?.args.join(' ') ?? ''
    if (looksLikeWebSocket(`${locationOf(scope)} ${target} ${name.replace(/\..*/, '')}`)) return true
    return effective(scope, 'proxy_set_header').some(asksForUpgrade)
  })
  const losing = proxies.filter((scope) => around(scope, 'proxy_set_header').some(asksForUpgrade))
  if (meant.length > 0 || losing.length > 0) return meant.length > 0 ? meant : losing
  const broadest = new Map<Scope | undefined, Scope>()
  for (const scope of proxies) {
    const server = serverOf(scope)
    const known = broadest.get(server)
    if (!known || locationOf(scope).length < locationOf(known).length) broadest.set(server, scope)
  }
  return nginx.scopes.filter((scope) => [...broadest.values()].includes(scope))
}

/** The ifs of a location, and of the server around it, with what they do to some browser's handshake. */
export function ifsFor({ scopes, variables }: Nginx, scope: Scope) {
  const places = [scope, serverOf(scope)]
  return scopes.flatMap((inner) => {
    const { directive, parent } = inner
    if (directive?.name !== 'if' || !places.includes(parent)) return []
    const truths = handshakes.map((request) => conditionHolds(directive, variables, request))
    return [{ inner, directive, truths }]
  })
}

/** Does an if inside of this block take every handshake elsewhere? */
export function isDiverted(nginx: Nginx, scope: Scope): boolean {
  return ifsFor(nginx, scope).some(({ inner, truths }) => {
    const leaves = inner.own.some(
      ({ name, args }) => /^(?:proxy_pass|return)$/.test(name) || (name === 'rewrite' && args.length > 2),
    )
    return inner.parent === scope && leaves && truths.every((truth) => truth === true)
  })
}

export function show({ name, args }: Directive): string {
  return [name, ...args.map((arg) => arg || '""')].join(' ')
}
