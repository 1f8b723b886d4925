/** Says which Kubernetes resources are not read although they may decide about WebSockets. */
import type { Report } from './context.ts'
import { kindOf } from './kubernetes-resources.ts'
import { entriesAt, type Tree, textAt, walk } from './tree.ts'

/** Kinds that are read, and groups that are about something else. */
const read =
  /^(?:Ingress|IngressClass|Service|HTTPRoute|Gateway|GatewayClass|ReferenceGrant|SnippetsFilter|IngressRoute|Middleware|BackendTrafficPolicy|BackendConfig|GCPBackendPolicy)$/
const elsewhere =
  /^(?:v1|(?:apps|batch|autoscaling|policy|events\.k8s\.io|[\w.]*rbac\.authorization\.k8s\.io|storage\.k8s\.io|scheduling\.k8s\.io|admissionregistration\.k8s\.io|apiextensions\.k8s\.io|coordination\.k8s\.io|discovery\.k8s\.io|node\.k8s\.io|cert-manager\.io|acme\.cert-manager\.io|monitoring\.coreos\.com|kustomize\.config\.k8s\.io|external-secrets\.io|keda\.sh)\/.*)$/

/** Notes a resource, or a part of it, that is not looked at. */
export function noteUnread(resource: Tree, report: Report): void {
  const kind = kindOf(resource)
  const version = textAt(resource, 'apiVersion') ?? ''
  if (kind === 'ConfigMap') noteFiles(resource, report)
  else if (kind !== '' && !read.test(kind) && !elsewhere.test(version) && !/NetworkPolicy$/.test(kind)) {
    const name = textAt(resource, 'metadata', 'name') ?? ''
    report.notRead(resource.place, `${textAt(resource, 'kind')} ${name} (${version})`)
  }
  for (const { scalar, place } of walk(resource)) {
    if (typeof scalar !== 'string' || !scalar.includes('{{')) continue
    report.notRead(place, 'a value of a template; a Helm chart must be rendered first, by helm template')
    return
  }
}

/** Configurations of proxies are often kept in ConfigMaps. */
function noteFiles(map: Tree, report: Report): void {
  for (const [name, { scalar, place }] of entriesAt(map, 'data')) {
    if (!/\.(?:conf|cfg|ya?ml|toml|json|tmpl)$|^Caddyfile/.test(name) || !String(scalar).includes('\n'))
      continue
    const owner = textAt(map, 'metadata', 'name') ?? ''
    report.notRead(place, `${name} in ConfigMap ${owner}: a configuration of its own, to be given as a file`)
  }
}
