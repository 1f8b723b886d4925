/** Reads Kubernetes resources; what breaks WebSockets in them is found in ingress and gateway-api. */
import type { ConfigFile, Report } from './context.ts'
import { checkGateways } from './gateway-api.ts'
import { checkIngresses } from './ingress.ts'
import { fullName, kindOf, nameOf, type Resources } from './kubernetes-resources.ts'
import { noteUnread } from './kubernetes-unread.ts'
import { listAt, type Tree, textAt } from './tree.ts'
import { readYaml } from './yaml.ts'

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
