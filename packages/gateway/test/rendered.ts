// The manifests of deploy/kubernetes as kustomize and Helm make them of their files.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'

const folder = fileURLToPath(new URL('../../../deploy/kubernetes/', import.meta.url))

// biome-ignore lint/suspicious/noExplicitAny: documents of other programs
export type Manifest = any

const output = (command: string, ...args: string[]) => spawnSync(command, args, { encoding: 'utf8' }).stdout

/** Whether kubectl is here, with a kustomize that knows what the files say. */
export const hasKustomize = /^Kustomize Version: v[5-9]/m.test(output('kubectl', 'version', '--client') ?? '')

/** Whether Go is here, whose templates are those of Helm. */
export const hasGo = (output('go', 'version') ?? '') !== ''

export const overlays = ['single', 'fleet'] as const
export type Overlay = (typeof overlays)[number]

/** What `kubectl apply -k` would send. */
export function kustomized(overlay: Overlay): Manifest[] {
  return documents(
    execFileSync('kubectl', ['kustomize', join(folder, 'overlays', overlay)], { encoding: 'utf8' }),
  )
}

/** What `helm install holdfast` would send, with the values of one gateway or of a fleet. */
export function charted(overlay: Overlay): Manifest[] {
  const values = parse(readFileSync(join(folder, 'chart/values.yaml'), 'utf8'))
  const more = overlay === 'fleet' ? parse(readFileSync(join(folder, 'chart/values-fleet.yaml'), 'utf8')) : {}
  const program = fileURLToPath(new URL('peers/chart.go', import.meta.url))
  const input = JSON.stringify({ Values: merged(values, more), Release: { Name: 'holdfast' } })
  return documents(
    execFileSync('go', ['run', program, join(folder, 'chart/templates/holdfast.yaml')], {
      input,
      encoding: 'utf8',
      env: { ...process.env, GO111MODULE: 'off' },
    }),
  )
}

function documents(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    if (document.errors.length > 0) throw new Error(`${document.errors}\n${text}`)
    return document.toJS()
  })
}

/** As Helm lays values over those of the chart: maps are merged, everything else is replaced. */
function merged(values: Manifest, more: Manifest): Manifest {
  const isMap = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap(values) || !isMap(more)) return more
  const all: Record<string, Manifest> = { ...values }
  for (const [key, value] of Object.entries(more)) all[key] = key in all ? merged(all[key], value) : value
  return all
}
