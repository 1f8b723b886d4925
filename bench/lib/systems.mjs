// Every system that is measured: how it is started, with which published configuration, and what is missing if not.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts, listening, start, stop } from './children.mjs'
import { maxConnections, maxFiles } from './file-limit.mjs'
import { withDescendants } from './process-stats.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
export const bench = join(root, 'bench')
const configurations = join(bench, 'systems')
const runtimes = join(root, 'node_modules/.cache/runtimes/node_modules')
const { platform, arch } = process
const node = process.execPath
const lts = join(runtimes, `node-${platform}-${arch}/bin/node`)
const bun = join(runtimes, `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}/bin/bun`)
/** Another build of the command can be measured while one works on it. */
export const holdfastMain = process.env.HOLDFAST_MAIN ?? join(root, 'packages/cli/dist/main.js')

export const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
const certificate = makeCertificate()

function makeCertificate() {
  const [cert, key, pem] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => join(folder, name))
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...subject,
    ...['-keyout', key, '-out', cert],
  ])
  if (made.status !== 0) throw new Error('the bench needs openssl, to make a certificate')
  writeFileSync(pem, readFileSync(cert, 'latin1') + readFileSync(key, 'latin1'))
  return { CERT: cert, KEY: key, PEM: pem }
}

export const onPath = (name) =>
  ['/usr/sbin', '/usr/bin', '/usr/local/bin'].map((place) => join(place, name)).find(existsSync)

function firstLine(command, ...args) {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 })
  return `${stdout}${stderr}`.trim().split('\n')[0]
}

const versionIn = (text) => /\d+\.\d+[\w.+-]*/.exec(text)?.[0] ?? text

function packageVersion(name) {
  const path = createRequire(import.meta.url)
    .resolve.paths(name)
    .map((place) => join(place, name, 'package.json'))
    .find(existsSync)
  return path && JSON.parse(readFileSync(path, 'utf8')).version
}

/** Settings go where __NAME__ stands in a published configuration. */
function configured(file, settings) {
  const text = readFileSync(join(configurations, file), 'utf8')
  const path = join(folder, `${settings.PORT}-${file}`)
  writeFileSync(
    path,
    text.replace(/__([A-Z_]+)__/g, (_, name) => settings[name]),
  )
  return path
}

function nodeProxy(name, file) {
  return {
    name,
    missing: () => packageVersion(name) === undefined && `npm package ${name}`,
    version: () => `${packageVersion(name)} on Node ${process.versions.node}`,
    command: (settings) => ({ run: [node, join(configurations, file)], env: settings }),
    workers: false,
  }
}

function holdfast(name, runtime, file, ofRuntime) {
  return {
    name,
    runtime,
    missing: () => {
      if (!existsSync(holdfastMain)) return 'the build'
      if (!existsSync(runtime)) return `${ofRuntime}: npm run runtimes brings it`
      const settings = { ...certificate, PORT: 1, TLS_PORT: 2, BACKEND: 3, WORKERS: 1 }
      const { status } = spawnSync(node, [holdfastMain, 'validate', '-c', configured(file, settings)])
      return status !== 0 && `a version whose configuration has what ${file} asks for`
    },
    version: () =>
      `${packageVersion('@holdfast/gateway')} on ${ofRuntime} ${versionIn(firstLine(runtime, '--version'))}`,
    command: (settings) => ({
      run: [
        runtime,
        settings.main ?? holdfastMain,
        'serve',
        '-c',
        configured(file, settings),
        '--log-level',
        'error',
      ],
    }),
    workers: ofRuntime !== 'Bun',
    upgrades: ofRuntime !== 'Bun',
    h2: ofRuntime !== 'Bun',
  }
}

export const systems = [
  {
    name: 'haproxy',
    missing: () => !onPath('haproxy') && 'apt-get install haproxy',
    version: () => versionIn(firstLine('haproxy', '-v')),
    command: (settings) => ({
      run: [onPath('haproxy'), '-db', '-q', '-f', configured('haproxy.cfg', settings)],
    }),
    workers: true,
    h2: true,
  },
  {
    name: 'nginx',
    missing: () => !onPath('nginx') && 'apt-get install nginx-light',
    version: () => versionIn(firstLine(onPath('nginx'), '-v')),
    command: (settings) => ({
      run: [onPath('nginx'), '-e', 'stderr', '-p', folder, '-c', configured('nginx.conf', settings)],
    }),
    workers: true,
  },
  {
    name: 'caddy',
    missing: () => !onPath('caddy') && 'apt-get install caddy',
    version: () => versionIn(firstLine('caddy', 'version')),
    command: (settings) => ({
      run: [onPath('caddy'), 'run', '--adapter', 'caddyfile', '--config', configured('Caddyfile', settings)],
      env: { GOMAXPROCS: String(settings.WORKERS), HOME: folder },
    }),
    workers: true,
  },
  nodeProxy('http-proxy-3', 'http-proxy-3.mjs'),
  nodeProxy('httpxy', 'httpxy.mjs'),
  nodeProxy('@fastify/http-proxy', 'fastify-http-proxy.mjs'),
  holdfast('holdfast', node, 'holdfast.yaml', 'Node'),
  holdfast('holdfast lts', lts, 'holdfast.yaml', 'Node'),
  holdfast('holdfast bun', bun, 'holdfast.yaml', 'Bun'),
  holdfast('holdfast hold', lts, 'holdfast-hold.yaml', 'Node'),
  holdfast('holdfast limits', lts, 'holdfast-limits.yaml', 'Node'),
  // TLS in processes of its own. To be compared with 'holdfast'.
  holdfast('holdfast front', node, 'holdfast-front.yaml', 'Node'),
  // Its clients speak holdfast.v1. To be compared with 'holdfast'.
  { ...holdfast('holdfast resume', node, 'holdfast-resume.yaml', 'Node'), resumes: true },
]

/** Starts a system in front of the backend; what comes back has its ports and its processes. */
export async function launch(system, { backend, cores, workers = 1, main }) {
  const [PORT, TLS_PORT] = await freePorts(2)
  const settings = {
    ...certificate,
    PORT,
    TLS_PORT,
    BACKEND: backend,
    WORKERS: workers,
    FOLDER: folder,
    CONNECTIONS: maxConnections,
    FILES: maxFiles,
    main,
  }
  const { run, env } = system.command(settings)
  const child = start(cores, run, { env: { NODE_ENV: 'production', ...stringsOf(env) }, cwd: root })
  try {
    await listening(child, PORT)
    await listening(child, TLS_PORT)
  } catch (error) {
    await stop(child)
    throw error
  }
  // nginx, for one, ends its workers only when it is asked to.
  return {
    system,
    port: PORT,
    tlsPort: TLS_PORT,
    pids: () => withDescendants(child.pid),
    /** Has another version take over the connections, where a system can: Holdfast. */
    upgrade: () => child.kill('SIGUSR2'),
    stop: () => stop(child, 'SIGTERM'),
  }
}

function stringsOf(settings = {}) {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))
}
