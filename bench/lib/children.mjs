// Every process of the bench is started here, pinned, and ends with it whatever happens.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { setTimeout as after } from 'node:timers/promises'

const running = new Set()

/** Starts a command on the given cores. `env` is added to the bench's own; `stdin`: as in `stdio`. */
export function start(cores, command, { env = {}, ipc = false, stdin = 'ignore', cwd } = {}) {
  const child = spawn('taskset', ['-c', cores, ...command], {
    cwd,
    env: { ...process.env, ...env },
    stdio: [stdin, 'pipe', 'pipe', ...(ipc ? ['ipc'] : [])],
  })
  child.said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      child.said = (child.said + text).slice(-4000)
    })
  }
  running.add(child)
  child.on('error', (error) => {
    child.said += error.message
  })
  child.once('close', () => running.delete(child))
  return child
}

/** Ends a child: with a signal, and after `ms` without asking. */
export async function stop(child, signal = 'SIGKILL', ms = 2000) {
  if (!running.has(child)) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  if (signal === 'SIGKILL') killTree(child)
  else child.kill(signal)
  await Promise.race([closed, after(ms, undefined, { ref: false })])
  if (running.has(child)) killTree(child)
  await Promise.race([closed, after(2000, undefined, { ref: false })])
}

/** Ends a process and all that it started: the workers of nginx outlive a master that is killed. */
function killTree(child) {
  for (const pid of descendants(child.pid)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
  child.kill('SIGKILL')
}

function descendants(pid) {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    return children.filter(Boolean).flatMap((child) => [Number(child), ...descendants(child)])
  } catch {
    return []
  }
}

function killAll() {
  for (const child of running) killTree(child)
}
process.on('exit', killAll)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143))
}

/** Ports that nobody listens on now. */
export async function freePorts(count) {
  const servers = []
  for (let i = 0; i < count; i++) {
    const server = net.createServer()
    await new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
    servers.push(server)
  }
  const ports = servers.map((server) => server.address().port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** Waits until a port accepts connections, or the child has ended. */
export async function listening(child, port, ms = 15_000) {
  const until = performance.now() + ms
  while (performance.now() < until) {
    if (!running.has(child))
      throw new Error(`it ended: ${child.said.trim().split('\n').slice(-3).join(' | ')}`)
    if (await accepts(port)) return
    await after(25)
  }
  throw new Error(`no answer on port ${port}: ${child.said.trim().split('\n').at(-1)}`)
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    const done = (answer) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => done(true)).once('error', () => done(false))
  })
}
