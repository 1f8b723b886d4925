// What a reload leaves behind where nothing bounds it: nginx and HAProxy with their defaults keep the old process until the
// last of its connections has ended. node bench/experiments/old-processes.mjs [RELOADS] [CLIENTS]
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'

const [reloads, clients] = [Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 200)]
const folder = mkdtempSync(join(tmpdir(), 'old-processes-'))
const backend = new WebSocketServer({ port: 0, host: '127.0.0.1' })
await once(backend, 'listening')
const upstream = `127.0.0.1:${backend.address().port}`

const systems = {
  nginx: {
    args: (file) => ['-e', 'stderr', '-p', folder, '-c', file],
    signal: 'SIGHUP',
    config: (port) => `daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log stderr crit;
events { worker_connections 4096; }
http { access_log off;
  client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c; uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
  server { listen 127.0.0.1:${port};
    location / { proxy_pass http://${upstream}; proxy_http_version 1.1; proxy_read_timeout 1h;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; } } }
`,
  },
  haproxy: {
    args: (file) => ['-W', '-q', '-f', file],
    signal: 'SIGUSR2',
    config: (port) => `global
  maxconn 4096
defaults
  mode http
  timeout connect 2s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
frontend plain
  bind 127.0.0.1:${port}
  default_backend servers
backend servers
  server s1 ${upstream}
`,
  },
}

for (const [name, { args, signal, config }] of Object.entries(systems)) {
  const port = await freePort()
  const file = join(folder, `${name}.conf`)
  writeFileSync(file, config(port))
  const gateway = spawn(name, args(file), { stdio: 'ignore' })
  const failed = once(gateway, 'error').then(() => true)
  if (await Promise.race([failed, until(() => accepts(port))])) {
    console.log(`${name}: not installed`)
    continue
  }
  let lost = 0
  for (let i = 0; i <= reloads; i++) {
    const before = children(gateway.pid)
    if (i > 0) {
      gateway.kill(signal)
      await until(() => children(gateway.pid).some((pid) => !before.includes(pid)))
      await pause(300)
    }
    const opened = Array.from({ length: clients }, async () => {
      const client = new WebSocket(`ws://127.0.0.1:${port}`)
      client.on('error', () => {}).on('close', () => lost++)
      await once(client, 'open')
    })
    await Promise.all(opened)
    const processes = children(gateway.pid)
    const kib = processes.reduce((sum, pid) => sum + privateKib(pid), 0)
    console.log(
      `${name} after ${i} reloads: ${processes.length} processes beside the first, ${(kib / 1024).toFixed(1)} MiB of their own, ${lost} of ${(i + 1) * clients} clients lost`,
    )
  }
  for (const pid of [...children(gateway.pid), gateway.pid]) process.kill(pid, 'SIGKILL')
}
rmSync(folder, { recursive: true })
process.exit()

function children(pid) {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((each) => {
      try {
        return readFileSync(`/proc/${each}/stat`, 'utf8').split(') ')[1]?.split(' ')[1] === String(pid)
      } catch {
        return false
      }
    })
}

/** What a process does not share with others. */
function privateKib(pid) {
  const rows = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').matchAll(/^Private_\w+:\s+(\d+) kB/gm)
  return [...rows].reduce((sum, [, kib]) => sum + Number(kib), 0)
}

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

async function until(what) {
  const deadline = performance.now() + 20_000
  while (!(await what())) {
    if (performance.now() > deadline) throw new Error('nothing came of it in 20 s')
    await pause(20)
  }
  return false
}
