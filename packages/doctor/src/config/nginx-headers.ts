// What of a handshake's headers nginx hands on to the server behind it.

import type { Directive } from './directive.ts'
import { asksForUpgrade, type Nginx, show } from './nginx-proxies.ts'
import {
  around,
  effective,
  evaluate,
  isBlind,
  locationOf,
  type Scope,
  undefinedVariable,
  type Variables,
} from './nginx-scope.ts'
import { handshakes } from './truth.ts'
import { answerHeaders, requestHeaders } from './websocket.ts'

/** The header that is sent to the server behind: of several with one name the last, as most servers see it. */
function header(scope: Scope, name: string): Directive | undefined {
  return effective(scope, 'proxy_set_header').findLast(({ args }) => args[0]?.toLowerCase() === name)
}

export function checkHeaders(nginx: Nginx, scope: Scope, pass: Directive): void {
  const { report, variables } = nginx
  const location = locationOf(scope)
  const upgrade = header(scope, 'upgrade')
  const connection = header(scope, 'connection')
  const blind = isBlind(scope)
  if (!blind && !upgrade && !connection && around(scope, 'proxy_set_header').some(asksForUpgrade)) {
    const line = effective(scope, 'proxy_set_header')[0] ?? pass
    report.found('nginx-headers-not-inherited', { location }, line.place)
    return
  }
  const sent = valuesOf(upgrade?.args[1] ?? '', variables).find(
    (value) => value.toLowerCase() !== 'websocket',
  )
  if ((upgrade || !blind) && sent !== undefined) {
    report.found('nginx-upgrade-header', { location, value: sent || 'nothing' }, (upgrade ?? pass).place)
  }
  if (!connection && blind) return
  const value = connection?.args[1] ?? 'close'
  const missing = nginx.whole ? undefinedVariable(value, variables) : undefined
  if (missing) {
    report.found('nginx-map-missing', { variable: missing }, (connection ?? pass).place)
    return
  }
  const tokens = valuesOf(value, variables).find((text) => !/(?:^|[\s,])upgrade(?:$|[\s,])/i.test(text))
  if (tokens === undefined) return
  const map = variables.maps.get(value.replace(/^\$\{?(\w+)\}?$/, '$1').toLowerCase())
  if (map) report.found('nginx-map-value', { variable: value, value: tokens }, map.place)
  else {
    report.found(
      'nginx-connection-header',
      { location, value: tokens || 'nothing' },
      (connection ?? pass).place,
    )
  }
}

/** What a value is for each browser's handshake, where it is known. */
function valuesOf(value: string, variables: Variables): string[] {
  return handshakes.flatMap((request) => evaluate(value, variables, request) ?? [])
}

/** Headers of the handshake that are set to nothing on their way there, or hidden on their way back. */
export function checkDroppedHeaders({ report }: Nginx, scope: Scope): void {
  const kept = requestHeaders.filter((name) => name.startsWith('sec-'))
  const emptied = effective(scope, 'proxy_set_header').filter(
    ({ args: [name = '', value] }) => value === '' && kept.includes(name.toLowerCase()),
  )
  // Connection is written by nginx itself.
  const hidden = effective(scope, 'proxy_hide_header').filter(({ args: [name = ''] }) =>
    answerHeaders.some((known) => known !== 'connection' && known === name.toLowerCase()),
  )
  const off = effective(scope, 'proxy_pass_request_headers').filter(({ args }) => args[0] === 'off')
  for (const directive of [...emptied, ...hidden, ...off]) {
    report.found('nginx-handshake-headers', { directive: show(directive) }, directive.place)
  }
}
