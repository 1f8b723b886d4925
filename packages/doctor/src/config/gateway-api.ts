/** Finds what breaks WebSockets in resources of the Gateway API, and in the policies of Envoy Gateway. */
import { checkDefaults } from './gateway-limits.ts'
import {
  checkPort,
  nameOf,
  noteService,
  ofKind,
  portOf,
  type Resources,
  serviceOf,
} from './kubernetes-resources.ts'
import { at, listAt, type Tree, textAt } from './tree.ts'
import {
  breaksHandshake,
  duration,
  equals,
  idleLevel,
  isSocketIoWithoutSlash,
  lifetimeLevel,
  looksLikeWebSocket,
  matchesPattern,
  missesHandshakes,
  requestHeaders,
} from './websocket.ts'

/** Checks every HTTPRoute, and the policies. */
export function checkGateways(resources: Resources): void {
  const routes = ofKind(resources, 'HTTPRoute')
  const rules = routes.flatMap((route) => listAt(route, 'spec', 'rules').map((rule) => ({ route, rule })))
  const meant = rules.filter(({ route, rule }) => isMeant(route, rule, resources))
  for (const { route, rule } of rules) {
    checkMatches(rule, resources)
    for (const backend of listAt(rule, 'backendRefs')) {
      noteService(resources, route, textAt(backend, 'name') ?? '', backend.place)
      checkPort(
        resources,
        route,
        textAt(backend, 'name') ?? '',
        at(backend, 'port'),
        (port) => `port: ${port}`,
      )
    }
  }
  for (const { route, rule } of meant.length > 0 ? meant : rules) checkRule(route, rule, resources)
  for (const route of routes) checkParents(route, resources)
  for (const policy of ofKind(resources, 'BackendTrafficPolicy')) checkPolicy(policy, resources)
}

function pathsOf(rule: Tree): Tree[] {
  return listAt(rule, 'matches').flatMap((match) => at(match, 'path', 'value') ?? [])
}

function webSocketPath(rule: Tree): string | undefined {
  return pathsOf(rule)
    .map(({ scalar }) => String(scalar))
    .find(looksLikeWebSocket)
}

/** The port of the Service that a rule leads to, where the Service was read. */
function backendPorts(route: Tree, rule: Tree, resources: Resources): { name: string; port: Tree }[] {
  return listAt(rule, 'backendRefs').flatMap((backend) => {
    const name = textAt(backend, 'name') ?? ''
    const service = serviceOf(resources, name, route)
    const port = service && portOf(service, textAt(backend, 'port') ?? '')
    return port ? [{ name, port }] : []
  })
}

/** Are WebSockets meant to go through this rule? */
function isMeant(route: Tree, rule: Tree, resources: Resources): boolean {
  const hosts = listAt(route, 'spec', 'hostnames').map(({ scalar }) => String(scalar).replace(/\..*/, ''))
  const backends = listAt(rule, 'backendRefs').map((backend) => textAt(backend, 'name') ?? '')
  const says = backendPorts(route, rule, resources).some(({ port }) =>
    /\/wss?$/.test(textAt(port, 'appProtocol') ?? ''),
  )
  const upgrade = listAt(rule, 'matches')
    .flatMap((match) => listAt(match, 'headers'))
    .some((header) => textAt(header, 'name')?.toLowerCase() === 'upgrade')
  return (
    says ||
    upgrade ||
    webSocketPath(rule) !== undefined ||
    [nameOf(route), ...hosts, ...backends].some(looksLikeWebSocket)
  )
}

/** What a rule compares with what browsers send. */
function checkMatches(rule: Tree, { report }: Resources): void {
  for (const match of listAt(rule, 'matches')) {
    const path = textAt(match, 'path', 'value') ?? ''
    if (textAt(match, 'path', 'type') === 'Exact' && isSocketIoWithoutSlash(path)) {
      report.found('gateway-exact-path', { path }, (at(match, 'path', 'value') ?? match).place)
    }
    for (const header of listAt(match, 'headers')) {
      const name = textAt(header, 'name') ?? ''
      const value = textAt(header, 'value') ?? ''
      const exact = (textAt(header, 'type') ?? 'Exact') === 'Exact'
      const fits = exact ? equals(value) : matchesPattern(value)
      if (missesHandshakes(name, fits)) {
        report.found('gateway-header-match', { header: name, value }, (at(header, 'value') ?? header).place)
      }
    }
  }
}

function checkRule(route: Tree, rule: Tree, resources: Resources): void {
  const { report } = resources
  checkDefaults(route, rule, resources)
  for (const field of ['request', 'backendRequest']) {
    const value = at(rule, 'timeouts', field)
    const level = lifetimeLevel(duration(String(value?.scalar ?? ''), 's'))
    if (value && level)
      report.found('gateway-timeout', { field, timeout: String(value.scalar) }, value.place, level)
  }
  for (const { name, port } of backendPorts(route, rule, resources)) {
    const protocol = textAt(port, 'appProtocol') ?? ''
    // ws and websocket without a prefix are no names that Kubernetes defines.
    if (/h2c|http2|grpc|^wss?$|^web-?socket/i.test(protocol)) {
      report.found(
        'gateway-app-protocol',
        { service: name, protocol },
        (at(port, 'appProtocol') ?? port).place,
      )
    }
  }
  for (const match of listAt(rule, 'matches')) {
    const method = at(match, 'method')
    const path = textAt(match, 'path', 'value') ?? ''
    if (method && String(method.scalar) !== 'GET' && looksLikeWebSocket(path)) {
      report.found('gateway-method', { method: String(method.scalar) }, method.place)
    }
  }
  for (const filter of listAt(rule, 'filters')) checkFilter(rule, filter, resources)
}

function checkFilter(rule: Tree, filter: Tree, { report }: Resources): void {
  const path = webSocketPath(rule)
  const headers = at(filter, 'requestHeaderModifier')
  for (const removed of listAt(headers, 'remove')) {
    const header = String(removed.scalar)
    if (requestHeaders.includes(header.toLowerCase()))
      report.found('gateway-header-filter', { header }, removed.place)
  }
  for (const set of listAt(headers, 'set')) {
    const header = textAt(set, 'name') ?? ''
    if (breaksHandshake(header, textAt(set, 'value') ?? ''))
      report.found('gateway-header-filter', { header }, set.place)
  }
  const redirect = at(filter, 'requestRedirect')
  if (redirect && path) report.found('gateway-redirect', { path }, redirect.place)
  const rewrite = at(filter, 'urlRewrite', 'path')
  const value = at(rewrite, 'replaceFullPath') ?? at(rewrite, 'replacePrefixMatch')
  if (value && path && String(value.scalar) !== path) {
    report.found('gateway-path-rewrite', { path, replacement: String(value.scalar) }, value.place)
  }
}

/** A route that names a listener which its gateway does not have is attached to nothing. */
function checkParents(route: Tree, resources: Resources): void {
  for (const parent of listAt(route, 'spec', 'parentRefs')) {
    const gateway = ofKind(resources, 'Gateway').find((one) => nameOf(one) === textAt(parent, 'name'))
    const section = at(parent, 'sectionName')
    if (!gateway || !section) continue
    const listeners = listAt(gateway, 'spec', 'listeners').map((listener) => textAt(listener, 'name'))
    const name = String(section.scalar)
    if (listeners.includes(name)) continue
    const args = { section: name, gateway: nameOf(gateway), known: listeners.join(', ') }
    resources.report.found('gateway-section', args, section.place)
  }
}

function checkPolicy(policy: Tree, { report }: Resources): void {
  const upgrades = at(policy, 'spec', 'httpUpgrade')
  const types = listAt(policy, 'spec', 'httpUpgrade').map((one) => (textAt(one, 'type') ?? '').toLowerCase())
  if (upgrades && !types.includes('websocket')) {
    report.found('gateway-upgrade-disabled', { policy: 'httpUpgrade' }, upgrades.place)
  }
  const buffer = at(policy, 'spec', 'requestBuffer')
  if (buffer) report.found('gateway-upgrade-disabled', { policy: 'requestBuffer' }, buffer.place)
  for (const [field, levelOf] of [
    ['maxStreamDuration', lifetimeLevel],
    ['streamIdleTimeout', idleLevel],
  ] as const) {
    const value = at(policy, 'spec', 'timeout', 'http', field)
    const level = levelOf(duration(String(value?.scalar ?? ''), 's'))
    if (value && level)
      report.found('gateway-timeout', { field, timeout: String(value.scalar) }, value.place, level)
  }
}
