import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ConfigFile } from '../../src/config/context.ts'

export const fixtureFolder = fileURLToPath(new URL('../fixtures', import.meta.url))

/** Kinds of fixtures: a folder each. Ingress and Gateway API are one reader and two kinds. */
export const fixtureKinds = [
  'nginx',
  'haproxy',
  'caddy',
  'apache',
  'traefik',
  'envoy',
  'ingress',
  'gateway-api',
] as const

export type FixtureKind = (typeof fixtureKinds)[number]

export interface Fixture extends ConfigFile {
  kind: FixtureKind
  /** The name without its ending: a finding's code, ok-something, or what it is about. */
  name: string
}

/** All fixtures; a folder stands for the nginx.conf in it. */
export const fixtures: readonly Fixture[] = fixtureKinds.flatMap((kind) =>
  readdirSync(join(fixtureFolder, kind))
    .sort()
    .map((entry) => {
      const path = join(fixtureFolder, kind, entry)
      const file = statSync(path).isDirectory() ? join(path, 'nginx.conf') : path
      return { kind, name: entry.replace(/\.\w+$/, ''), path: file, text: readFileSync(file, 'utf8') }
    }),
)

/** The text of a line that a finding names. */
export function lineOf(file: string, line: number): string {
  return readFileSync(file, 'utf8').split('\n')[line - 1] ?? ''
}
