// How long each client library gives a handshake that nobody answers: what `wait` is to be shorter than.
//   npm run build && node bench/handshake-times.mjs [SECONDS]
// The libraries are those of the bench of storms. Their server accepts and never says a word. Prints a line for each: the
// connections that it made, and the milliseconds after which it broke each of them off.
import net from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { install, libraries } from './storms/libraries.mjs'

const seconds = Number(process.argv[2] ?? 75)
const problem = install()
if (problem) throw new Error(problem)
const server = net.createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1')
await new Promise((resolve) => server.once('listening', resolve))
const { port } = server.address()

const seen = new Map()
for (const { name, url } of libraries()) {
  const figures = { made: 0, brokenOff: [] }
  seen.set(name, figures)
  const workerData = { url, name, port, first: 1, count: 1 }
  const client = new Worker(new URL('storms/thread.mjs', import.meta.url), {
    workerData,
    stdout: true,
    stderr: true,
  })
  client.on('message', ({ what, age }) => {
    if (what === 'dial') figures.made++
    else if (what === 'end') figures.brokenOff.push(Math.round(age))
  })
  client.on('error', (error) => console.error(`${name}: ${error.message}`))
}
await after(seconds * 1000)
for (const [name, { made, brokenOff }] of seen) console.log(name.padEnd(28), made, brokenOff.join(' '))
process.exit()
