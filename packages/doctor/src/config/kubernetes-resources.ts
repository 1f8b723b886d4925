// Kubernetes resources, and how they name each other.
import type { Place, Report } from './context.ts'
import { listAt, type Tree, textAt } from './tree.ts'

/** The resources of one set of files, which may name each other. */
export interface Resources {
  byKind: ReadonlyMap<string, readonly Tree[]>
  /** By namespace and name. */
  services: ReadonlyMap<string, Tree>
  report: Report
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

/** A name with its namespace, as seen from another resource. */
export function fullName(near: Tree, name: string): string {
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
