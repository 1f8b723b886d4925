// The gateway under the soak: its configuration, its log on a small disk of its own, and what it says of itself.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePorts, listening, start, stop } from '../lib/children.mjs'

const program = fileURLToPath(new URL('../../packages/cli/bin/holdfast.js', import.meta.url))
const stepClock = new URL('step-clock.mjs', import.meta.url).href

/** The small disk must hold the log of a quiet minute. */
const diskBytes = 1024 * 1024

function certificate(folder) {
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const { status, error } = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
    ...['-subj', '/CN=localhost', '-keyout', key, '-out', cert],
  ])
  if (status !== 0) throw new Error(`openssl is needed: ${error?.message ?? `it ended with ${status}`}`)
  return { cert, key }
}

function configuration({ plain, secure, admin, tls, servers, dead, extra }) {
  return JSON.stringify({
    listen: [`127.0.0.1:${plain}`, { address: `127.0.0.1:${secure}`, tls }],
    admin: `127.0.0.1:${admin}`,
    workers: 2,
    drain: { spread: '2s', deadline: '15s', retry: ['1s', '3s'] },
    routes: [
      ...(extra ? [{ name: 'extra', match: { path: '/extra' }, upstreams: servers }] : []),
      {
        name: 'plain',
        match: { path: '/plain' },
        upstreams: servers,
        keepalive: { ping: '2s', timeout: '5s' },
      },
      {
        name: 'limited',
        match: { path: '/limited' },
        upstreams: servers,
        limits: { connections: 20, perAddress: 10, messageBytes: '64KiB', messagesPerSecond: 50 },
      },
      {
        name: 'replay',
        match: { path: '/replay' },
        upstreams: servers,
        hold: { for: '30s', replay: { first: 1 } },
      },
      { name: 'dead', match: { path: '/dead' }, upstreams: [`ws://127.0.0.1:${dead}`], attempts: 2 },
      {
        name: 'held',
        upstreams: servers,
        hold: { for: '30s', state: 'none' },
        health: { path: '/', interval: '2s' },
      },
    ],
  })
}

/** Mounts a file system of its own for the log; undefined, and said so, where that is not permitted. */
function smallDisk(folder) {
  mkdirSync(folder)
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', folder])
  if (status === 0) return () => spawnSync('umount', ['-l', folder])
  console.log('the disk of the log is not filled: mounting one of its own needs root')
  return undefined
}

/** A gateway with this configuration, whose log goes to this file. */
function serve(file, log) {
  const command = 'exec "$0" "$1" serve -c "$2" --log-level info 2>>"$3"'
  return start('0,1', ['sh', '-c', command, process.execPath, program, file, log], {
    env: { NODE_OPTIONS: `--import=${stepClock}` },
  })
}

/** Fills a disk to the last byte; the result gives it back, with the log on it emptied. */
function fill(disk, log) {
  const filler = join(disk, 'filler')
  const { bavail, bsize } = statfsSync(disk)
  try {
    writeFileSync(filler, Buffer.alloc(bavail * bsize))
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error
  }
  return () => {
    rmSync(filler, { force: true })
    writeFileSync(log, '')
  }
}

export async function startGateway(servers) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-soak-'))
  const [plain, secure, admin, dead] = await freePorts(4)
  const tls = certificate(folder)
  const file = join(folder, 'holdfast.json')
  const write = (extra) =>
    writeFileSync(file, configuration({ plain, secure, admin, tls, servers, dead, extra }))
  write(false)
  const disk = join(folder, 'disk')
  const unmount = smallDisk(disk)
  const log = join(disk, 'log.json')
  const child = serve(file, log)
  await listening(child, plain)

  const ask = async (path, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${admin}${path}`, {
      method,
      signal: AbortSignal.timeout(60_000),
    })
    return { status: response.status, body: await response.json() }
  }
  let extra = false
  return {
    child,
    ports: { plain, secure, admin },
    log,
    /** The end of its log, and of what it printed. */
    lastWords: () => `${child.said}${readFileSync(log, 'utf8')}`.trim().split('\n').slice(-3).join(' | '),
    state: async () => (await ask('/api/state')).body,
    upgrade: () => ask('/api/upgrade', 'POST'),
    metrics: () => fetch(`http://127.0.0.1:${admin}/metrics`).then((response) => response.text()),
    async reload() {
      extra = !extra
      write(extra)
      return await ask('/api/reload', 'POST')
    },
    /** Fills the disk of the log, where it has one of its own; the result gives it back. */
    fillDisk: () => unmount && fill(disk, log),
    async end() {
      await stop(child, 'SIGTERM', 20_000)
      const status = child.exitCode
      unmount?.()
      rmSync(folder, { recursive: true, force: true })
      return status
    },
  }
}

/** What the kernel says of a process: resident bytes and open descriptors. */
export function processOf(pid) {
  const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024
  return { rss, descriptors: readdirSync(`/proc/${pid}/fd`).length }
}
