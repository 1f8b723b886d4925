/** Reads Kubernetes resources; what breaks WebSockets in them is found in ingress and gateway-api. */
import type { ConfigFile, Place, Report } from './context.ts'
import { checkGateways } from './gateway-api.ts'
import { checkIngresses } from './ingress.ts'
import { noteUnread } from './kubernetes-unread.ts'
import { listAt, type Tree, textAt } from './tree.ts'
import { readYaml } from './yaml.ts'

/** The resources of one set of files, which may name each other. */
export interface Resources {
  byKind: ReadonlyMap<string, readonly Tree[]>
  /** By namespace and name. */
  services: ReadonlyMap<string, Tree>
  report: Report
}

/** Reads the files of one set of resources. */
export function readKubernetes(files: readonly ConfigFile[], report: Report): void {
  const all: Tree[] = []
  for (const file of files) {
    const before = report.problems.length
    for (const document of readYaml(file, report)) {
      // kubectl get prints several resources as one list.
      if (textAt(document, 'kind')?.endsWith('List')) all.push(...listAt(document, 'items'))
      else all.push(document)
    }
    const problem = report.problems[before]
    if (problem && file.text.includes('{{'))
      problem.message += '; a Helm chart must be rendered first, by helm template'
  }
  const byKind = new Map<string, Tree[]>()
  for (const resource of all) {
    const kind = kindOf(resource)
    const known = byKind.get(kind)
    if (known) known.push(resource)
    else byKind.set(kind, [resource])
  }
  const services = new Map((byKind.get('Service') ?? []).map((one) => [fullName(one, nameOf(one)), one]))
  const resources: Resources = { byKind, services, report }
  for (const resource of all) noteUnread(resource, report)
  checkIngresses(resources)
  checkGateways(resources)
}

/** Groups of resources whose kinds are called the same in groups of others, such as Istio's Gateway. */
const groups: Readonly<Record<string, RegExp>> = {
  Service: /^v1$/,
  Ingress: /^(?:networking\.k8s\.io|extensions)\//,
  Gateway: /^gateway\.networking\.k8s\.io\//,
  Middleware: /^traefik\./,
}

/** The kind of a resource, with its group where another is usual. */
export function kindOf(resource: Tree): string {
  const kind = textAt(resource, 'kind') ?? ''
  const version = textAt(resource, 'apiVersion') ?? ''
  return groups[kind]?.test(version) === false ? `${version} ${kind}` : kind
}

function fullName(near: Tree, name: string): string {
  return `${namespaceOf(near)}/${name}`
}

/** The resources of one kind. */
export function ofKind({ byKind }: Resources, kind: string): readonly Tree[] {
  return byKind.get(kind) ?? []
}

/** The name of a resource. */
export function nameOf(resource: Tree): string {
  return textAt(resource, 'metadata', 'name') ?? ''
}

/** The namespace of a resource. */
export function namespaceOf(resource: Tree): string {
  return textAt(resource, 'metadata', 'namespace') ?? 'default'
}

/** The Service of this name beside a resource, where it is among those that were read. */
export function serviceOf({ services }: Resources, name: string, near: Tree): Tree | undefined {
  return services.get(fullName(near, name))
}

/** Says of a Service that it is not among the files, where something is to be known of it. */
export function noteService(resources: Resources, near: Tree, name: string, place: Place): void {
  if (name === '' || serviceOf(resources, name, near)) return
  resources.report.notRead(place, `Service ${fullName(near, name)}: it is not among the files`)
}

/** The port of a Service that a number or a name stands for. */
export function portOf(service: Tree, port: string): Tree | undefined {
  return listAt(service, 'spec', 'ports').find(
    (one) => textAt(one, 'port') === port || textAt(one, 'name') === port,
  )
}

/** Checks that a Service which is named by a route has the port that is named with it; `line` writes another. */
export function checkPort(
  resources: Resources,
  near: Tree,
  name: string,
  port: Tree | undefined,
  line: (port: string) => string,
): void {
  const service = serviceOf(resources, name, near)
  const wanted = String(port?.scalar ?? '')
  const ports = listAt(service, 'spec', 'ports')
  if (!service || !port || ports.length === 0 || portOf(service, wanted)) return
  const known = ports.map((one) => textAt(one, 'port') ?? '')
  const args = { service: name, port: wanted, known: known.join(', '), fixed: line(known[0] ?? '') }
  resources.report.found('kubernetes-service-port', args, port.place)
}
