/** Finds what breaks WebSockets in Traefik's files, static and dynamic, in YAML or TOML. */
import type { ConfigFile, Report } from './context.ts'
import { readToml } from './toml.ts'
import {
  checkBalancer,
  checkMiddleware,
  checkRule,
  isMeant,
  letsHandshakesIn,
  type Router,
} from './traefik-parts.ts'
import { at, entriesAt, listAt, type Tree, textAt } from './tree.ts'
import { readYaml } from './yaml.ts'

/** Reads the files of one configuration, which may name what is in each other. */
export function readTraefik(files: readonly ConfigFile[], report: Report): void {
  const documents = files.flatMap((file) => read(file, report))
  for (const document of documents) {
    const old = at(document, 'frontends') ?? at(document, 'backends')
    if (old) report.problem(old.place, 'frontends and backends are of Traefik 1, which is not read')
  }
  for (const document of documents) noteProviders(document, report)
  const all = (name: string) => documents.flatMap((document) => entriesAt(document, 'http', name))
  const routers = all('routers').map(([name, router]) => routerOf(name, router))
  const everywhere = documents
    .flatMap((document) => entriesAt(document, 'entryPoints'))
    .flatMap(([, point]) => listAt(point, 'http', 'middlewares').map(nameOf))
  for (const router of routers) checkRule(router, report)
  // When no router says that it is for WebSockets, all are looked at: somebody asks why they fail.
  const meant = routers.some(isMeant) ? routers.filter(isMeant) : routers.filter(letsHandshakesIn)
  const middlewares = new Map(all('middlewares'))
  const used = new Set([...everywhere, ...meant.flatMap((router) => router.middlewares)])
  // A chain stands for the middlewares in it; a few rounds follow chains in chains.
  for (let round = 0; round < 5; round++) {
    for (const name of [...used]) {
      for (const part of listAt(middlewares.get(name), 'chain', 'middlewares')) used.add(nameOf(part))
    }
  }
  for (const [name, middleware] of middlewares) {
    checkMiddleware(middleware, used.has(name) || routers.length === 0, report)
  }
  for (const [name, service] of all('services')) {
    const balancer = at(service, 'loadBalancer')
    const own = meant.filter((router) => router.service === name)
    if (balancer && (own.length > 0 || routers.length === 0)) {
      checkBalancer(
        name,
        balancer,
        own.map(({ rule }) => rule),
        report,
      )
    }
  }
}

function read(file: ConfigFile, report: Report): Tree[] {
  const toml =
    /\.toml$/i.test(file.path) ||
    (!/\.(?:ya?ml|json)$/i.test(file.path) && /^[ \t]*\[\[?[\w."-]+\]\]?[ \t]*(?:#.*)?$/m.test(file.text))
  if (!toml) return readYaml(file, report)
  const tree = readToml(file, report)
  return tree ? [tree] : []
}

/** Where else Traefik takes routers from. */
function noteProviders(document: Tree, report: Report): void {
  const sources: Readonly<Record<string, string>> = {
    docker: 'labels of containers',
    swarm: 'labels of services',
    file: 'the files that it names, unless they are given',
    kubernetesIngress: 'Ingress resources',
    kubernetesCRD: 'IngressRoute resources',
    kubernetesGateway: 'Gateway API resources',
  }
  for (const [name, { place }] of entriesAt(document, 'providers')) {
    report.notRead(
      place,
      `providers.${name}: ${sources[name] ?? 'routers and services that come from there'}`,
    )
  }
}

/** `auth@file` is `auth` here: the provider does not matter to what is wrong with it. */
function nameOf(tree: Tree): string {
  return String(tree.scalar ?? '').split('@', 1)[0]!
}

function routerOf(name: string, router: Tree): Router {
  return {
    name,
    rule: textAt(router, 'rule') ?? '',
    place: (at(router, 'rule') ?? router).place,
    middlewares: listAt(router, 'middlewares').map(nameOf),
    service: (textAt(router, 'service') ?? '').split('@', 1)[0]!,
  }
}
