// Holds deploy/kubernetes to the API of Kubernetes, to what the gateway reads, and its times to each other.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Deployment } from 'kubernetes-models/apps/v1'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { ConfigMap, Service } from 'kubernetes-models/v1'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { optionsFor } from './config-text.ts'
import {
  charted,
  hasGo,
  hasKustomize,
  kustomized,
  type Manifest,
  type Overlay,
  overlays,
} from './rendered.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** By kind: its check, and the type of its fields. */
const kinds = {
  ConfigMap: [ConfigMap, 'v1'],
  Service: [Service, 'v1'],
  Deployment: [Deployment, 'apps/v1'],
  PodDisruptionBudget: [PodDisruptionBudget, 'policy/v1'],
  NetworkPolicy: [NetworkPolicy, 'networking.k8s.io/v1'],
} as const

const models = join(root, 'node_modules/kubernetes-models')

/**
 * What is wrong with manifests. The schemas of the API's own checks let fields pass that they do not know, as the API itself does; its types
 * do not.
 */
function faultsOf(manifests: readonly Manifest[]): string[] {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-manifests-'))
  try {
    const lines = manifests.map((manifest, i) => {
      const [, version] = kinds[manifest.kind as keyof typeof kinds]
      const type = `import('${models}/${version}/${manifest.kind}').I${manifest.kind}`
      return `export const manifest${i}: ${type} = ${JSON.stringify(manifest)}`
    })
    const file = join(path, 'manifests.ts')
    writeFileSync(file, lines.join('\n'))
    const args = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', '', file]
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/tsc'), args, { encoding: 'utf8', cwd: path })
    const faults = stdout.split('\n').filter((line) => line !== '')
    for (const manifest of manifests) {
      const [Kind] = kinds[manifest.kind as keyof typeof kinds]
      try {
        new Kind(manifest).validate()
      } catch (error) {
        faults.push(`${manifest.kind}: ${(error as Error).message}`)
      }
    }
    return faults
  } finally {
    rmSync(path, { recursive: true })
  }
}

const of = (manifests: readonly Manifest[], kind: string, name = 'holdfast'): Manifest =>
  manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)

const variables = {
  HOLDFAST_ADMIN_TOKEN: 'c2VjcmV0',
  HOLDFAST_FLEET_STORE: 'redis://:password@redis:6379',
  HOLDFAST_FLEET_SECRET: 'the secret of this fleet',
  POD_IP: '10.0.0.7',
}

const backend = parseAll('deploy/kubernetes/backend/chat.yaml')

function parseAll(path: string): Manifest[] {
  return read(path)
    .split(/^---$/m)
    .map((text) => parse(text))
}

function optionsOf(manifests: readonly Manifest[]) {
  const text = of(manifests, 'ConfigMap').data['holdfast.yaml'] as string
  return optionsFor(text, { env: variables })
}

const made = (overlay: Overlay) => (hasKustomize ? kustomized : charted)(overlay)

const rendered = hasKustomize || hasGo

// One test in place of all where there is nothing to make them with, so that it is seen.
if (!rendered)
  test.skip('the manifests (skipped: neither kubectl with kustomize 5 nor go is here)', () => undefined)

describe.each(rendered ? overlays : [])('the manifests of overlay %s', (overlay) => {
  hold(made(overlay), overlay)

  test.runIf(hasKustomize && hasGo)('are the same by kustomize and by Helm', () => {
    expect(inOrder(charted(overlay))).toEqual(inOrder(kustomized(overlay)))
  })
})

/** One writes the file of the gateway as it is, the other what is in it. */
function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const values = manifests.map((manifest) =>
    manifest.kind === 'ConfigMap'
      ? { ...manifest, data: { 'holdfast.yaml': parse(manifest.data['holdfast.yaml']) } }
      : manifest,
  )
  return values.sort((a, b) => (`${a.kind} ${a.metadata.name}` < `${b.kind} ${b.metadata.name}` ? -1 : 1))
}

function hold(manifests: readonly Manifest[], overlay: Overlay): void {
  const deployment = of(manifests, 'Deployment')
  const pod = deployment.spec.template
  const container = pod.spec.containers[0]

  test('are accepted by the types and checks of the API', () => {
    expect(faultsOf(manifests)).toEqual([])
  })

  test('select their own pods, and name ports that are there', () => {
    const labels = { app: 'holdfast' }
    expect(pod.metadata.labels).toEqual(labels)
    expect(deployment.spec.selector.matchLabels).toEqual(labels)
    const ports = new Set(container.ports.map(({ name }: Manifest) => name))
    for (const { kind, spec } of manifests) {
      if (kind === 'Service') expect(spec.selector).toEqual(labels)
      if (kind === 'Service') for (const { targetPort } of spec.ports) expect(ports).toContain(targetPort)
      if (kind === 'PodDisruptionBudget') expect(spec.selector.matchLabels).toEqual(labels)
      if (kind !== 'NetworkPolicy') continue
      expect(spec.podSelector.matchLabels).toEqual(labels)
      // Each port that there is has a rule: what nobody may reach would not be listened on.
      const named = spec.ingress.flatMap((rule: Manifest) => rule.ports.map(({ port }: Manifest) => port))
      expect(new Set(named)).toEqual(ports)
      for (const {
        ports: [{ port }],
        from,
      } of spec.ingress)
        expect(from === undefined).toBe(port === 'ws')
    }
    for (const name of ['startupProbe', 'readinessProbe', 'livenessProbe'])
      expect(container[name].httpGet.port).toBe('admin')
  })

  test('have a configuration that is accepted, and the ports that it says', async () => {
    const { listen, admin, fleet, routes } = await optionsOf(manifests)
    const portOf = (name: string) =>
      container.ports.find((port: Manifest) => port.name === name)?.containerPort
    expect(listen.map(({ port }) => port)).toEqual([portOf('ws')])
    expect(admin).toMatchObject({ port: portOf('admin'), token: variables.HOLDFAST_ADMIN_TOKEN })
    expect(fleet?.listen).toEqual(
      overlay === 'fleet' ? { host: variables.POD_IP, port: portOf('relay') } : undefined,
    )
    const [mount] = container.volumeMounts
    expect(container.args.at(-1)).toBe(`${mount.mountPath}/holdfast.yaml`)
    expect(container.volumeMounts.map(({ name }: Manifest) => name)).toEqual(
      pod.spec.volumes.map(({ name }: Manifest) => name),
    )
    const service = of(backend, 'Service', 'chat')
    const [{ dns }] = parse(of(manifests, 'ConfigMap').data['holdfast.yaml']).routes[0].upstreams
    expect(service.spec.clusterIP).toBe('None')
    expect(dns).toBe(`ws://chat:${service.spec.ports[0].port}`)
    expect(routes.every(({ hold }) => hold !== undefined)).toBe(true)
  })

  test('leave a pod that ends the time that it needs', async () => {
    const { drain, fleet } = await optionsOf(manifests)
    const { sleep } = container.lifecycle.preStop
    const waitMs = overlay === 'fleet' ? fleet!.drainWait : 0
    const needsMs = sleep.seconds * 1000 + waitMs + drain.deadline
    expect(pod.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThanOrEqual(needsMs + 5000)
    // Balancers hear from the probe, at the latest, that it goes.
    const { periodSeconds, failureThreshold } = container.readinessProbe
    expect(sleep.seconds).toBeGreaterThanOrEqual(periodSeconds * failureThreshold)
    // Whoever goes last has waited for all others, each of which needs its spread and some more.
    const others = deployment.spec.replicas - 1
    expect(waitMs).toBeGreaterThanOrEqual(others * drain.spread * 2)
    expect(drain.deadline).toBeGreaterThanOrEqual(drain.spread * 2)
    expect(deployment.spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 })
  })

  test('run as nobody, on a file system that is read-only, and may do nothing else', () => {
    expect(pod.spec.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001 })
    expect(pod.spec.automountServiceAccountToken).toBe(false)
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(read('deploy/container/Dockerfile')).toMatch(/^USER 10001:10001$/m)
    expect(container.resources.requests.memory).toBeDefined()
    expect(container.resources.limits).toEqual({ memory: expect.any(String) })
  })
}

test('the backend is accepted, and has the time that it needs to stop', () => {
  expect(faultsOf(backend)).toEqual([])
  const { spec } = of(backend, 'Deployment', 'chat').spec.template
  const [, pause] = spec.containers[0].lifecycle.preStop.exec.command
  expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(Number(pause) + 30)
})

test('these tests find what is wrong with a manifest', () => {
  const spoilt = [
    (pod: Manifest) => Object.assign(pod.spec.containers[0], { preStop: {} }),
    (pod: Manifest) => Object.assign(pod.spec, { readinessProbe: {} }),
    (pod: Manifest) => Object.assign(pod.spec, { terminationGracePeriodSeconds: '5' }),
    (pod: Manifest) => Object.assign(pod.spec, { containers: undefined }),
  ].map((spoil) => {
    const deployment = structuredClone(of(backend, 'Deployment', 'chat'))
    spoil(deployment.spec.template)
    return deployment
  })
  const faults = faultsOf(spoilt).join('\n')
  for (const [i] of spoilt.entries()) expect(faults).toContain(`manifests.ts(${i + 1},`)
})

test('the chart uses nothing of Helm but what is rendered here', () => {
  const folder = 'deploy/kubernetes/chart/templates'
  expect(readdirSync(join(root, folder))).toEqual(['holdfast.yaml'])
  const used = [...read(`${folder}/holdfast.yaml`).matchAll(/\{\{-? *(\w+)/g)].map(([, word]) => word)
  expect([...new Set(used)].sort()).toEqual(['end', 'if', 'toJson', 'toYaml', 'with'])
  expect(Object.keys(parse(read('deploy/kubernetes/chart/Chart.yaml')))).toEqual(
    expect.arrayContaining(['apiVersion', 'name', 'version']),
  )
})
