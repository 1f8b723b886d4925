// The client libraries: one file of clients/ each, installed with the versions of package.json when the bench runs.
//   export const library            the package
//   export serve(say, closed)       its server: told of a connection; returns what is told of every message
//   export connect(place)           a client; `place.served()` each time that the library serves its application (again),
//                                   `place.gaveUp()` when it never will; resolves to what the application sends text with
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('../../', import.meta.url)
const cache = new URL('node_modules/.cache/storms/', root)
const manifest = new URL('package.json', import.meta.url)

/** All of them, by the name of their file. */
export function libraries() {
  const files = readdirSync(new URL('clients/', import.meta.url)).sort()
  return files.map((file) => ({
    name: file.replace('.mjs', ''),
    url: new URL(`clients/${file}`, import.meta.url).href,
    load: () => import(`./clients/${file}`),
  }))
}

/** Installs what is not there yet; says what npm says when that cannot be. */
export function install() {
  const wanted = readFileSync(manifest, 'utf8')
  const installed = new URL('package.json', cache)
  if (existsSync(installed) && readFileSync(installed, 'utf8') === wanted) return undefined
  mkdirSync(cache, { recursive: true })
  const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error']
  const packages = Object.entries(JSON.parse(wanted).dependencies).map(
    ([name, version]) => `${name}@${version}`,
  )
  writeFileSync(installed, '{ "private": true }\n')
  const { status, stderr, error } = spawnSync(
    'npm',
    ['install', '--prefix', fileURLToPath(cache), '--no-save', ...flags, ...packages],
    { encoding: 'utf8', timeout: 600_000, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  if (status !== 0) return error?.message ?? stderr.trim()
  writeFileSync(new URL('load.mjs', cache), 'export const load = (name) => import(name)\n')
  writeFileSync(installed, wanted)
  return undefined
}

/** Imports a package as it is installed there; our own as it is built here. */
export async function load(name) {
  if (name.startsWith('@holdfast/')) return import(name)
  return (await import(new URL('load.mjs', cache).href)).load(name)
}

/** Where the files of a package are. */
export const folderOf = (name) => new URL(`node_modules/${name}/`, cache)

/** The version that is pinned. */
export const versionOf = (name) => JSON.parse(readFileSync(manifest, 'utf8')).dependencies[name]
