/** The limits of Ingress controllers on open WebSockets: what is written, and the defaults where nothing is. */
import type { Place } from './context.ts'
import { type Controller, communityPrefix, controllers } from './controllers.ts'
import { annotation, type Chosen } from './ingress-class.ts'
import { nameOf, namespaceOf, ofKind, type Resources, serviceOf } from './kubernetes-resources.ts'
import { at, entriesAt, type Tree, textAt } from './tree.ts'
import { duration, idleLevel, lifetimeLevel } from './websocket.ts'

/** A path of an Ingress with the Service that it leads to. */
export interface Path {
  path: string
  type: string
  service: string
  tree: Tree
}

/** Checks the limit on silence, and whether the controller must be asked for WebSockets. */
export function checkLimits(
  ingress: Tree,
  paths: readonly Path[],
  chosen: Chosen,
  resources: Resources,
): void {
  const { report } = resources
  const controller: Controller = controllers[chosen.key]
  if (chosen.key === 'gce') checkLifetimes(ingress, paths, resources)
  const { idle, asks } = controller
  if (asks) checkAsked(ingress, paths, controller, resources)
  if (!idle) return
  for (const holder of holdersOf(idle.on, ingress, paths, resources)) {
    const written = annotation(holder, idle.annotation)
    const value = written && timeoutIn(String(written.scalar), idle.annotation)
    if (written && value !== undefined) {
      const level = idleLevel(duration(value, idle.unit))
      const timeout = /^\d+$/.test(value) ? `${value} ${idle.unit}` : value
      if (level)
        report.found(
          'ingress-timeout',
          { annotation: idle.annotation, timeout, line: idle.line },
          written.place,
          level,
        )
      return
    }
  }
  // A value that cannot be read is another finding, and parameters may set the limit.
  const unreadable = annotation(ingress, idle.annotation) && chosen.key !== 'alb'
  if (idle.ms > 60_000 || unreadable || chosen.parameters) return
  const everywhere = fromConfigMap(chosen, resources)
  const level = everywhere && idleLevel(duration(String(everywhere.scalar), idle.unit))
  if (everywhere && !level) return
  if (everywhere && level) {
    const timeout = `${everywhere.scalar} ${idle.unit}`
    return report.found(
      'ingress-timeout',
      { annotation: 'proxy-read-timeout', timeout, line: idle.line },
      everywhere.place,
      level,
    )
  }
  if (chosen.key === 'community' || chosen.key === 'vendor') {
    report.notRead(
      headOf(ingress),
      `the ConfigMap of ${controller.name}, in which proxy-read-timeout may be set for all`,
    )
  }
  const target = paths[0]?.tree ?? ingress
  const args = { controller: controller.name, line: idle.line, on: idle.on }
  report.found('ingress-default-timeout', args, idle.on === 'Ingress' ? headOf(ingress) : target.place)
}

function holdersOf(on: string, ingress: Tree, paths: readonly Path[], resources: Resources): Tree[] {
  if (on !== 'Service') return [ingress]
  return paths.flatMap(({ service }) => serviceOf(resources, service, ingress) ?? [])
}

/** Where an annotation of an Ingress belongs. */
function headOf(ingress: Tree): Place {
  return (at(ingress, 'metadata', 'annotations') ?? at(ingress, 'metadata') ?? ingress).place
}

/** The time in an annotation; that of the ALB is one attribute of several. */
function timeoutIn(text: string, name: string): string | undefined {
  // What this controller cannot read is a finding of its own.
  if (name.startsWith(communityPrefix) && !/^\d+$/.test(text)) return undefined
  if (!name.endsWith('load-balancer-attributes')) return /^\d+\s*[a-z]*$/i.test(text) ? text : undefined
  return /(?:^|,)\s*idle_timeout\.timeout_seconds=(\d+)/.exec(text)?.[1]
}

/** What a ConfigMap among the files sets for all Ingresses of a controller made of nginx. */
function fromConfigMap({ key }: Chosen, resources: Resources): Tree | undefined {
  if (key !== 'community' && key !== 'vendor') return undefined
  for (const map of ofKind(resources, 'ConfigMap')) {
    const value = entriesAt(map, 'data').find(([name]) => name === 'proxy-read-timeout')?.[1]
    if (value) return value
  }
  return undefined
}

function checkAsked(
  ingress: Tree,
  paths: readonly Path[],
  controller: Controller,
  { report }: Resources,
): void {
  const { asks, name } = controller
  if (!asks) return
  const written = annotation(ingress, asks.annotation)
  const text = String(written?.scalar ?? '')
  const path = paths[0]?.path ?? '/'
  const fits = asks.annotation.endsWith('routes')
    ? text
        .split(',')
        .map((one) => one.trim())
        .includes(path)
    : text === 'true'
  if (fits) return
  report.found(
    'ingress-websocket-annotation',
    { controller: name, line: asks.line(path) },
    written?.place ?? headOf(ingress),
  )
}

/** The load balancers of Google end every WebSocket after timeoutSec, idle or not; 30 s where it is not written. */
function checkLifetimes(ingress: Tree, paths: readonly Path[], resources: Resources): void {
  for (const { service, tree } of paths) {
    const found = serviceOf(resources, service, ingress)
    const named = found && annotation(found, 'cloud.google.com/backend-config')
    const config = ofKind(resources, 'BackendConfig').find(
      (one) =>
        namespaceOf(one) === namespaceOf(ingress) && String(named?.scalar ?? '').includes(`"${nameOf(one)}"`),
    )
    if (named && !config) {
      resources.report.notRead(named.place, 'the BackendConfig that is named here is not among the files')
      continue
    }
    const seconds = at(config, 'spec', 'timeoutSec')
    const ms = duration(textAt(config, 'spec', 'timeoutSec') ?? '30', 's') ?? 30_000
    const level = lifetimeLevel(ms)
    const args = { timeout: `${ms / 1000} s` }
    // Without the Service nobody knows whether it names a BackendConfig.
    if (level)
      resources.report.found('ingress-lifetime', args, (seconds ?? tree).place, found ? level : 'warning')
  }
}
