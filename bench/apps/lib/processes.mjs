// Processes, ports and the wait for both. Whole processes end by their pid, and none outlives the trial.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const running = new Set()

export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Starts a program; `output()` is the end of what it printed. */
export function launch([file, ...args], options = {}) {
  const { env, ...rest } = options
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that SIGKILL reaches the workers of whoever forks, too.
    detached: true,
    env: { ...process.env, ...env },
    ...rest,
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      text = (text + data).slice(-20_000)
    })
  }
  let ended = false
  const gone = new Promise((resolve) => {
    const end = () => {
      ended = true
      running.delete(program)
      resolve()
    }
    child.once('exit', end)
    child.once('error', (error) => {
      text += error.message
      end()
    })
  })
  const program = {
    output: () => text,
    ended: () => ended,
    gone,
    kill(signal) {
      try {
        process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal)
      } catch {
        // It has ended.
      }
    },
  }
  running.add(program)
  return program
}

/** Ends a program; with SIGKILL when it has not ended after `limitMs`. Whether it ended by itself. */
export async function end(program, signal, limitMs) {
  program.kill(signal)
  const late = new AbortController()
  const inTime = await Promise.race([
    program.gone.then(() => true),
    sleep(limitMs, false, { signal: late.signal }).catch(() => true),
  ])
  late.abort()
  if (!inTime) program.kill('SIGKILL')
  await program.gone
  return inTime
}

export async function endAll() {
  await Promise.all([...running].map((program) => end(program, 'SIGTERM', 3000)))
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** Until somebody listens on the port, looked at every 20 ms. */
export async function listening(port, program, limitMs) {
  const limit = performance.now() + limitMs
  while (!(await accepts(port))) {
    if (program.ended()) throw new Error(`it ended instead of listening: ${program.output().slice(-2000)}`)
    if (performance.now() > limit) throw new Error(`it does not listen: ${program.output().slice(-2000)}`)
    await sleep(20)
  }
}
