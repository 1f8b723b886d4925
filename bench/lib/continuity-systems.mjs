// The systems of the continuity runs: three backends behind each, and what each has for a reload, an upgrade, a drain.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts, listening, start, stop } from './children.mjs'
import { bench, folder, holdfastMain, onPath, systems } from './systems.mjs'

const signal = (name) => (child) => child.kill(name)

const haproxy = {
  name: 'haproxy',
  quick: true,
  file: 'haproxy.cfg',
  run: (path) => [onPath('haproxy'), '-W', '-q', '-f', path],
  servers: (ports) => ports.map((port, i) => `  server s${i} 127.0.0.1:${port}`).join('\n'),
  extra: (port) => `frontend other\n  bind 127.0.0.1:${port}\n  default_backend servers`,
  reload: signal('SIGUSR2'),
  upgrade: signal('SIGUSR2'),
  drain: signal('SIGUSR1'),
}

const nginx = {
  name: 'nginx',
  file: 'nginx.conf',
  run: (path) => [onPath('nginx'), '-e', 'stderr', '-p', folder, '-c', path],
  servers: (ports) =>
    ports.map((port) => `    server 127.0.0.1:${port} max_fails=1 fail_timeout=1s;`).join('\n'),
  extra: (port) => `  server {\n    listen 127.0.0.1:${port};\n    return 204;\n  }`,
  reload: signal('SIGHUP'),
  drain: signal('SIGQUIT'),
}

const caddy = {
  name: 'caddy',
  file: 'Caddyfile',
  run: (path) => [onPath('caddy'), 'run', '--adapter', 'caddyfile', '--config', path],
  env: { HOME: folder },
  servers: (ports) => ports.map((port) => `127.0.0.1:${port}`).join(' '),
  extra: (port) => `http://127.0.0.1:${port} {\n\trespond 204\n}`,
  async reload(_child, { path, admin }) {
    const answer = await fetch(`http://127.0.0.1:${admin}/load`, {
      method: 'POST',
      headers: { 'Content-Type': 'text/caddyfile' },
      body: readFileSync(path),
    })
    if (!answer.ok) throw new Error(`caddy: ${await answer.text()}`)
  },
  drain: signal('SIGTERM'),
}

function holdfast(name, file) {
  const { missing, runtime } = systems.find((system) => system.name === name)
  return {
    name,
    quick: name === 'holdfast hold',
    file,
    missing,
    run: (path) => [runtime, holdfastMain, 'serve', '-c', path, '--log-level', 'error'],
    servers: (ports) => `[${ports.map((port) => `'ws://127.0.0.1:${port}'`).join(', ')}]`,
    extra: (port) =>
      `- name: other\n    match: { path: /other/* }\n    upstreams: ['ws://127.0.0.1:${port}']`,
    reload: signal('SIGHUP'),
    upgrade: signal('SIGUSR2'),
    drain: signal('SIGTERM'),
  }
}

export const continuitySystems = [
  haproxy,
  nginx,
  caddy,
  holdfast('holdfast lts', 'holdfast.yaml'),
  holdfast('holdfast hold', 'holdfast-hold.yaml'),
].map((system) => ({ missing: systems.find(({ name }) => name === system.name).missing, ...system }))

/** Starts a system in front of the backends. */
export async function launchBefore(system, backends) {
  const [port, extraPort, admin] = await freePorts(3)
  const path = join(folder, `${port}-continuity-${system.file}`)
  const configure = (extra) => {
    const text = readFileSync(join(bench, 'systems/continuity', system.file), 'utf8')
    const settings = {
      PORT: port,
      ADMIN: admin,
      FOLDER: folder,
      SERVERS: system.servers(backends),
      EXTRA: extra,
    }
    writeFileSync(
      path,
      text.replace(/(?:# )?__([A-Z_]+)__/g, (_, name) => settings[name]),
    )
  }
  configure('')
  const child = start('1', system.run(path), { env: { NODE_ENV: 'production', ...system.env } })
  await listening(child, port)
  return {
    port,
    /** A change that touches no connection. */
    async reload() {
      configure(system.extra(extraPort))
      await system.reload(child, { path, admin })
    },
    upgrade: () => system.upgrade(child),
    drain: () => system.drain(child),
    stop: () => stop(child, 'SIGKILL'),
  }
}
