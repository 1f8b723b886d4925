// Runs the tests on Node 22, 24 and the LTS, a part on each, and the wire tests against a gateway on Bun; of those that are named,
// all on each. They, and Deno, on which tests of the client run, come as npm packages into node_modules/.cache/runtimes. Of a
// runtime that cannot be had, or for which no time is left, that is said, and it is no failure.
//   node tools/other-runtimes.mjs [--results FOLDER] [--minutes N] [lts] [node22] [node24] [bun] [deno]
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'node_modules/.cache/runtimes')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')

const { platform, arch } = process
const runtimes = {
  lts: { package: `node-${platform}-${arch}`, version: '26.10.0', executable: 'bin/node' },
  // Under names of their own, since they are the same package as the one above.
  node22: {
    package: `node22-${platform}-${arch}`,
    source: `npm:node-${platform}-${arch}`,
    version: '22.23.3',
    executable: 'bin/node',
  },
  node24: {
    package: `node24-${platform}-${arch}`,
    source: `npm:node-${platform}-${arch}`,
    version: '24.22.3',
    executable: 'bin/node',
  },
  bun: {
    package: `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}`,
    version: '1.4.5',
    executable: 'bin/bun',
  },
  deno: { package: `@deno/${platform}-${arch}-glibc`, version: '2.9.6', executable: 'deno' },
}

/** The executable's path, or a sentence saying why there is none. */
function obtain({ package: name, source, version, executable }) {
  const home = join(folder, 'node_modules', name)
  const path = join(home, executable)
  if (installedVersion(home) !== version) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    const flags = [
      '--no-save',
      '--no-package-lock',
      '--ignore-scripts',
      '--prefer-offline',
      '--loglevel=error',
    ]
    const { status, stderr, error } = spawnSync(
      'npm',
      [
        'install',
        '--prefix',
        folder,
        ...flags,
        ...alsoKept(name),
        specifier({ package: name, source, version }),
      ],
      {
        cwd: folder,
        timeout: 300_000,
        stdio: ['ignore', 'ignore', 'pipe'],
        encoding: 'utf8',
      },
    )
    if (status !== 0)
      return { missing: error?.message ?? stderr.trim().split('\n')[0] ?? `npm ended with ${status}` }
  }
  const { status } = spawnSync(path, ['--version'], { timeout: 10_000 })
  return status === 0 ? { path } : { missing: 'it does not run on this machine' }
}

/** npm removes what it is not told of; so each runtime that is there is named again. */
function alsoKept(name) {
  return Object.values(runtimes)
    .map((other) => ({ ...other, has: installedVersion(join(folder, 'node_modules', other.package)) }))
    .filter((other) => other.package !== name && other.has)
    .map(({ has, ...other }) => specifier({ ...other, version: has }))
}

/** What npm is told to install. */
function specifier({ package: name, source, version }) {
  return source ? `${name}@${source}@${version}` : `${name}@${version}`
}

function installedVersion(home) {
  const file = join(home, 'package.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined
}

/** What says nothing about a runtime, and takes long: pages in a browser, the demo, the packages' contents, and other software alone. */
const elsewhere = [
  'apps/*/test/**',
  'packages/gateway/test/dashboard*.test.ts',
  'packages/cli/test/demo.test.ts',
  'packages/cli/test/pack.test.ts',
  // Servers of other makers, without a gateway and behind one.
  'testing/test/stopping-servers.test.ts',
  'packages/gateway/test/stopping-servers.wire.test.ts',
]

/** Runs the tests; true when none failed. `args` are for vitest. */
function test(name, executable, env, args = []) {
  const { results } = values
  const json = results
    ? ['--reporter=./tools/json-reporter.mjs', `--outputFile.json=${join(results, `${name}.json`)}`]
    : []
  const excluded = elsewhere.map((file) => `--exclude=${file}`)
  const { status } = spawnSync(
    executable,
    [vitest, 'run', ...args, ...excluded, '--reporter=default', ...json],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    },
  )
  return status === 0
}

/** The path of a runtime; says so where there is none. */
function obtainOrSay(name) {
  const runtime = runtimes[name]
  const { path, missing } = obtain(runtime)
  if (missing)
    console.log(`not tested on ${name}: ${runtime.package}@${runtime.version} could not be had: ${missing}`)
  return path
}

/** Of so many parts of the suite each Node has one when all are run: as many as keep CI within an hour on a slow machine. */
const parts = 6

/** A number that changes with the commit, so that in time each test meets each version, and each runtime comes first. */
function turn() {
  const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' })
  return Number.parseInt(stdout?.slice(0, 8), 16) || 0
}

/** The same ones, beginning with another. */
function rotated(names) {
  const first = turn() % names.length
  return [...names.slice(first), ...names.slice(0, first)]
}

const shard = (name) => `--shard=${((turn() + nodes.indexOf(name)) % parts) + 1}/${parts}`

function run(name, path) {
  // It runs no tests of its own: those of the client start it.
  if (!path || name === 'deno') return true
  if (performance.now() >= deadline) {
    console.log(`not tested on ${name}: no time is left`)
    return true
  }
  const args = nodes.includes(name) && positionals.length === 0 ? [shard(name)] : []
  console.log(
    `\n${[name, ...args].join(' ')}: tests with ${runtimes[name].package}@${runtimes[name].version}`,
  )
  if (name === 'bun') return test(name, process.execPath, { HOLDFAST_RUNTIME: path })
  // First in PATH, so that a `node` or `npm` that a test starts is on it too.
  return test(name, path, { PATH: `${dirname(path)}${delimiter}${process.env.PATH}` }, args)
}

const nodes = ['node22', 'node24', 'lts']
const { values, positionals } = parseArgs({
  options: { results: { type: 'string' }, minutes: { type: 'string', default: 'Infinity' } },
  allowPositionals: true,
})
/** No test begins after it: counted from the start of this process. */
const deadline = Number(values.minutes) * 60_000
const chosen = positionals.length > 0 ? positionals : rotated(Object.keys(runtimes))
const unknown = chosen.find((name) => !(name in runtimes))
if (unknown) {
  console.error(`unknown runtime ${unknown}; known: ${Object.keys(runtimes).join(', ')}`)
  process.exit(2)
}
// All before the first run, since the client's tests use every one that is there.
const paths = chosen.map(obtainOrSay)
const passed = chosen.map((name, index) => run(name, paths[index]))
process.exitCode = passed.every(Boolean) ? 0 : 1
