// Ports of 127.0.0.1 for processes that come back on the same one.
import { once } from 'node:events'
import net from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { Failure } from '../output.ts'

// Below what systems give to outgoing connections: while a process restarts, no client can be put on its port.
const first = 20_000
const last = 32_000
const tries = 200
const pollEveryMs = 20

const given = new Set<number>()

/** A port on which nothing listens and that was not given before. */
export async function freePort(random: () => number = Math.random): Promise<number> {
  for (let i = 0; i < tries; i++) {
    const port = first + Math.floor(random() * (last - first))
    if (given.has(port) || !(await isFree(port))) continue
    given.add(port)
    return port
  }
  throw new Failure(1, `no free port between ${first} and ${last} on 127.0.0.1; stop some other programs`)
}

async function isFree(port: number): Promise<boolean> {
  const server = net.createServer().listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

/** Resolves when something listens on the port, or nothing any more: another process tells neither. */
export async function untilListening(port: number, wanted: boolean, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await accepts(port)) !== wanted) await pause(pollEveryMs)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    const end = (connected: boolean) => {
      socket.destroy()
      resolve(connected)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
