// Makes `npm ci` independent of which platforms' packages a registry has. Tools come as one optional package per
// platform; npm leaves those that it cannot fetch out of package-lock.json, and `npm ci` then refuses that file.
// This adds them: other platforms never download them, and npm fetches them by name and version where they fit.
// Run it after a change of dependencies; it says nothing when there is nothing to add.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const file = join(resolve(process.argv[2] ?? join(import.meta.dirname, '..')), 'package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8'))

const systems = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
]
const processors = [
  'arm',
  'arm64',
  'ia32',
  'loong64',
  'mips64el',
  'ppc64',
  'riscv64',
  's390x',
  'x64',
  'wasm32',
]
const libraries = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' }

/** What a name like '@tool/binding-linux-x64-musl' says of where the package fits. */
function platformOf(name) {
  const parts = name.split(/[-/]/)
  const os = systems.find((system) => parts.includes(system))
  const cpu = processors.find((processor) => parts.includes(processor))
  const libc = parts.map((part) => libraries[part]).find(Boolean)
  return os && cpu ? { cpu: [cpu], ...(libc && os === 'linux' && { libc: [libc] }), os: [os] } : undefined
}

const added = []
for (const { dev, optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const path = `node_modules/${name}`
    const platform = platformOf(name)
    if (lock.packages[path] || !platform) continue
    lock.packages[path] = { version, ...(dev && { dev }), optional: true, ...platform }
    added.push(name)
  }
}

if (added.length > 0) {
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'))
  lock.packages = Object.fromEntries(sorted)
  writeFileSync(file, `${JSON.stringify(lock, undefined, 2)}\n`)
  console.log(`package-lock.json: added ${added.length} packages of other platforms`)
}
