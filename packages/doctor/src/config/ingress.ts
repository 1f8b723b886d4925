/** Finds what breaks WebSockets in Ingress resources, each as its controller reads it, and in Traefik's own. */
import {
  communityPrefix as community,
  traefikPrefix as traefik,
  vendorPrefix as vendor,
} from './controllers.ts'
import { annotation, annotationsOf, type Chosen, checkForeign, chosenFor } from './ingress-class.ts'
import { checkLimits, type Path } from './ingress-limits.ts'
import {
  checkPort,
  nameOf,
  namespaceOf,
  noteService,
  ofKind,
  type Resources,
  serviceOf,
} from './kubernetes-resources.ts'
import {
  checkHost,
  checkMiddleware,
  checkRule,
  checkScheme,
  isMeant,
  letsHandshakesIn,
  type Router,
} from './traefik-parts.ts'
import { at, listAt, type Tree, textAt } from './tree.ts'
import { duration, isSocketIoWithoutSlash, looksLikeWebSocket } from './websocket.ts'

const portLine = (port: string) => `port: ${port}`

/** Checks every Ingress, and Traefik's IngressRoutes and Middlewares. */
export function checkIngresses(resources: Resources): void {
  const all = ofKind(resources, 'Ingress')
  const meant = all.filter(
    (ingress) => looksLikeWebSocket(nameOf(ingress)) || pathsOf(ingress).some(isForWebSockets),
  )
  const used = new Set<string>()
  for (const ingress of meant.length > 0 ? meant : all) {
    checkTypes(ingress, resources)
    const chosen = chosenFor(ingress, resources)
    if (chosen) checkController(ingress, chosen, resources)
    checkPaths(ingress, chosen, resources)
    if (chosen?.key === 'traefik') for (const name of checkTraefik(ingress, resources)) used.add(name)
  }
  const routers = ofKind(resources, 'IngressRoute').flatMap((route) => routersOf(route, resources))
  const chosen = routers.some(isMeant) ? routers.filter(isMeant) : routers.filter(letsHandshakesIn)
  for (const router of routers) checkRule(router, resources.report)
  for (const name of chosen.flatMap(({ middlewares }) => middlewares)) used.add(name)
  for (const middleware of ofKind(resources, 'Middleware')) {
    const spec = at(middleware, 'spec')
    const alone = all.length + routers.length === 0
    if (spec) checkMiddleware(spec, used.has(nameOf(middleware)) || alone, resources.report)
  }
}

/** What the controller of an Ingress makes of it. */
function checkController(ingress: Tree, chosen: Chosen, resources: Resources): void {
  const paths = pathsOf(ingress)
  const meant = paths.filter(isForWebSockets)
  checkForeign(ingress, chosen, resources)
  if (chosen.key === 'community') checkNginx(ingress, resources)
  if (chosen.key === 'vendor') checkVendor(ingress, resources)
  checkLimits(ingress, meant.length > 0 ? meant : paths, chosen, resources)
}

/** Values that Kubernetes refuses. */
function checkTypes(ingress: Tree, { report }: Resources): void {
  for (const [key, { scalar, place }] of annotationsOf(ingress)) {
    if (typeof scalar !== 'number' && typeof scalar !== 'boolean') continue
    report.found('ingress-annotation-type', { annotation: key, value: String(scalar) }, place)
  }
}

function pathsOf(ingress: Tree): Path[] {
  return listAt(ingress, 'spec', 'rules')
    .flatMap((rule) => listAt(rule, 'http', 'paths'))
    .map((tree) => ({
      path: textAt(tree, 'path') ?? '/',
      type: textAt(tree, 'pathType') ?? '',
      service: textAt(tree, 'backend', 'service', 'name') ?? textAt(tree, 'backend', 'serviceName') ?? '',
      tree,
    }))
}

function isForWebSockets({ path, service }: Path): boolean {
  return looksLikeWebSocket(path) || looksLikeWebSocket(service)
}

/** The annotations of ingress-nginx. */
function checkNginx(ingress: Tree, { report }: Resources): void {
  for (const [key, value] of annotationsOf(ingress)) {
    const text = String(value.scalar ?? '')
    const { place } = value
    if (!key.startsWith(community)) continue
    const name = key.slice(community.length)
    if (name === 'proxy-read-timeout' || name === 'proxy-send-timeout') {
      const ms = duration(text, 's')
      if (!/^\d+$/.test(text)) {
        const fixed = String(Math.round((ms ?? 3_600_000) / 1000))
        report.found('ingress-timeout-unit', { annotation: key, value: text, fixed }, place)
      }
    } else if (name === 'proxy-http-version') {
      if (text !== '1.1') report.found('ingress-http-version', { version: text }, place)
    } else if (name === 'connection-proxy-header') {
      report.found('ingress-connection-header', { value: text }, place)
    } else if (name === 'backend-protocol') {
      if (/^(?:grpcs?|fcgi|ajp)$/i.test(text))
        report.found('ingress-backend-protocol', { protocol: text }, place)
    } else if (
      /websocket|^(?:server|configuration)-snippets$|^proxy-(?:timeout|idle-timeout|upgrade)$/.test(name)
    ) {
      report.found('ingress-unknown-annotation', { annotation: key }, place)
    }
  }
}

/** The annotations of the controller of nginx.org, which must be told the services that speak WebSocket. */
function checkVendor(ingress: Tree, { report }: Resources): void {
  const listed = annotation(ingress, `${vendor}websocket-services`)
  const names = String(listed?.scalar ?? '')
    .split(',')
    .map((name) => name.trim())
  const paths = pathsOf(ingress)
  const meant = paths.filter(isForWebSockets)
  for (const { service, tree } of meant.length > 0 || listed ? meant : paths.slice(0, 1)) {
    if (!names.includes(service))
      report.found('ingress-websocket-services', { service }, (listed ?? tree).place)
  }
}

function checkPaths(ingress: Tree, chosen: Chosen | undefined, resources: Resources): void {
  const { report } = resources
  const own = chosen?.key === 'community'
  const rewrite = own ? annotation(ingress, `${community}rewrite-target`) : undefined
  const target = String(rewrite?.scalar ?? '')
  const most = Math.max(0, ...[...target.matchAll(/\$(\d)/g)].map(([, digit]) => Number(digit)))
  for (const path of pathsOf(ingress)) {
    if (path.type === 'Exact' && isSocketIoWithoutSlash(path.path)) {
      report.found('ingress-exact-path', { path: path.path }, (at(path.tree, 'path') ?? path.tree).place)
    }
    const groups = [...path.path.matchAll(/\((?!\?)/g)].length
    const lost = most === 0 || most > groups
    if (rewrite && lost && isForWebSockets(path) && path.path !== target && path.type !== 'Exact') {
      report.found('ingress-rewrite-target', { path: path.path, target }, rewrite.place)
    }
    const port = at(path.tree, 'backend', 'service', 'port')
    const named = at(port, 'number') ?? at(port, 'name') ?? at(path.tree, 'backend', 'servicePort')
    noteService(resources, ingress, path.service, (at(path.tree, 'backend') ?? path.tree).place)
    checkPort(resources, ingress, path.service, named, (number) => `port: { number: ${number} }`)
  }
}

/** The annotations of Traefik, on the Ingress and on its services; returns the names of the Middlewares in use. */
function checkTraefik(ingress: Tree, resources: Resources): string[] {
  const { report } = resources
  for (const { service } of pathsOf(ingress)) {
    const found = serviceOf(resources, service, ingress)
    if (!found) continue
    const scheme = annotation(found, `${traefik}service.serversscheme`)
    const line = (fixed: string) => `${traefik}service.serversscheme: ${fixed}`
    if (scheme) checkScheme(String(scheme.scalar), scheme.place, report, line)
    checkHost(
      annotation(found, `${traefik}service.passhostheader`),
      report,
      `${traefik}service.passhostheader: "true"`,
    )
  }
  const listed = annotation(ingress, `${traefik}router.middlewares`)
  const known = ofKind(resources, 'Middleware')
  return String(listed?.scalar ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter(Boolean)
    .flatMap((middleware) => {
      const [base = '', provider] = middleware.split('@')
      const here = known.find((one) => `${namespaceOf(one)}-${nameOf(one)}` === base)
      const bare = known.find((one) => nameOf(one) === base)
      if (listed && !here && (!provider || (provider === 'kubernetescrd' && bare))) {
        const fixed = `${bare ? namespaceOf(bare) : namespaceOf(ingress)}-${base}@kubernetescrd`
        report.found('ingress-traefik-middleware', { middleware, fixed }, listed.place)
      }
      const used = here ?? bare
      return used ? [nameOf(used)] : []
    })
}

/** The routes of an IngressRoute as routers; their services are checked on the way. */
function routersOf(resource: Tree, resources: Resources): Router[] {
  return listAt(resource, 'spec', 'routes').map((route) => {
    const services = listAt(route, 'services')
    for (const service of services) {
      const scheme = at(service, 'scheme')
      if (scheme)
        checkScheme(String(scheme.scalar), scheme.place, resources.report, (fixed) => `scheme: ${fixed}`)
      checkHost(at(service, 'passHostHeader'), resources.report, 'passHostHeader: true')
      noteService(resources, resource, textAt(service, 'name') ?? '', service.place)
      checkPort(resources, resource, textAt(service, 'name') ?? '', at(service, 'port'), portLine)
    }
    return {
      name: nameOf(resource),
      rule: textAt(route, 'match') ?? '',
      place: (at(route, 'match') ?? route).place,
      middlewares: listAt(route, 'middlewares').map((one) => textAt(one, 'name') ?? ''),
      service: services.map((service) => textAt(service, 'name') ?? '').join(' '),
    }
  })
}
