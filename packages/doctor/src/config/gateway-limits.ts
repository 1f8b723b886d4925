/** The default limits of the Gateway API's implementations on open WebSockets, where their class tells which it is. */
import { nameOf, namespaceOf, ofKind, type Resources } from './kubernetes-resources.ts'
import { at, listAt, type Tree, textAt } from './tree.ts'
import { duration, lifetimeLevel } from './websocket.ts'

/** Checks a rule against what the implementation behind its gateway does when nothing is written. */
export function checkDefaults(route: Tree, rule: Tree, resources: Resources): void {
  const { report } = resources
  for (const parent of listAt(route, 'spec', 'parentRefs')) {
    const name = textAt(parent, 'name') ?? ''
    const gateway = ofKind(resources, 'Gateway').find((one) => nameOf(one) === name)
    if (!gateway) {
      report.notRead(parent.place, `Gateway ${name}: it is not among the files, nor the limits of its class`)
      continue
    }
    const className = at(gateway, 'spec', 'gatewayClassName')
    const named = String(className?.scalar ?? '')
    const read = ofKind(resources, 'GatewayClass').find((one) => nameOf(one) === named)
    const controller = textAt(read, 'spec', 'controllerName') ?? ''
    if (/^gke-l7-/.test(named) || controller.startsWith('networking.gke.io/'))
      checkGoogle(route, rule, resources)
    else if (named === 'nginx' || controller.startsWith('gateway.nginx.org/')) checkNginx(rule, resources)
    else
      report.notRead(
        (className ?? gateway).place,
        `the limits that gateways of class ${named} have by default`,
      )
  }
}

/** 60 s of silence, which nginx has by default; a filter of the rule's own may say more. */
function checkNginx(rule: Tree, { report }: Resources): void {
  const extension = listAt(rule, 'filters').find((filter) => at(filter, 'extensionRef'))
  if (extension) report.notRead(extension.place, 'what the filter that is named here does')
  else if (!at(rule, 'timeouts')) report.found('gateway-default-timeout', {}, rule.place)
}

/** 30 s of life, unless a policy for the Service says more. */
function checkGoogle(route: Tree, rule: Tree, resources: Resources): void {
  for (const backend of listAt(rule, 'backendRefs')) {
    const service = textAt(backend, 'name') ?? ''
    const policy = ofKind(resources, 'GCPBackendPolicy').find(
      (one) =>
        textAt(one, 'spec', 'targetRef', 'name') === service && namespaceOf(one) === namespaceOf(route),
    )
    const seconds = at(policy, 'spec', 'default', 'timeoutSec')
    const ms = duration(String(seconds?.scalar ?? '30'), 's')
    const level = lifetimeLevel(ms)
    if (ms === undefined || !level) continue
    const place = (seconds ?? backend).place
    resources.report.found(
      'gateway-lifetime',
      { service, timeout: `${ms / 1000} s` },
      place,
      policy ? level : 'warning',
    )
  }
}
