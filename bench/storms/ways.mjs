// The ways from a client to the upstream: none in between, nginx, Holdfast.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts, listening, start, stop } from '../lib/children.mjs'
import { folder, holdfastMain, onPath } from '../lib/systems.mjs'

function configured(file, path, settings) {
  const text = readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'utf8')
  writeFileSync(
    path,
    text.replace(/__([A-Z]+)__/g, (_, name) => settings[name]),
  )
}

export const ways = [
  {
    name: 'direct',
    async open(backend, ask) {
      return {
        port: backend,
        drain: () => ask('turn', { to: 'drained', code: 1012 }),
        undrain: () => ask('turn', { to: 'serve' }),
        stop() {},
      }
    },
  },
  {
    name: 'nginx',
    missing: () => !onPath('nginx') && 'apt-get install nginx-light',
    async open(backend) {
      const [port] = await freePorts(1)
      const path = join(folder, `${port}-storms.conf`)
      const configure = (drained) =>
        configured('nginx.conf', path, { PORT: port, BACKEND: backend, FOLDER: folder, DRAINED: drained })
      configure('')
      const child = start('1', [onPath('nginx'), '-e', 'stderr', '-p', folder, '-c', path])
      await listening(child, port)
      const reload = (drained) => {
        configure(drained)
        child.kill('SIGHUP')
      }
      return {
        port,
        drain: () => reload('return 503;'),
        undrain: () => reload(''),
        stop: () => stop(child, 'SIGTERM'),
      }
    },
  },
  {
    name: 'holdfast',
    async open(backend) {
      const [port, admin] = await freePorts(2)
      const path = join(folder, `${port}-storms.yaml`)
      configured('holdfast.yaml', path, { PORT: port, ADMIN: admin, BACKEND: backend })
      const run = [process.execPath, holdfastMain, 'serve', '-c', path, '--log-level', 'error']
      const child = start('1', run, { env: { NODE_ENV: 'production' } })
      await listening(child, port)
      const post = async (call, body) => {
        const answer = await fetch(`http://127.0.0.1:${admin}/api/${call}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        })
        if (!answer.ok) throw new Error(`${call}: ${await answer.text()}`)
      }
      return {
        port,
        drain: () => post('drain', { route: 'storms', wait: false }),
        undrain: () => post('reload', {}),
        stop: () => stop(child, 'SIGKILL'),
      }
    },
  },
]
