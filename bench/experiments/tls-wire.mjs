// What the TLS end of a carrier costs with a stream of Node's, and around it: node bench/experiments/tls-wire.mjs [ROUNDS]
// Both in one process, in turns, each with 100 connections that get 128 B back and send the next when all have. The clients are in it,
// and cost the same in both. What is shown is the median of the rounds, microseconds of processor time for one round trip.
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'

const { lightest, StreamWire } = await import('../../packages/gateway/dist/wire/index.js')

const [rounds, connections, trips] = [Number(process.argv[2] ?? 15), 100, 20]
const folder = mkdtempSync(join(tmpdir(), 'tls-wire-'))
const [keyFile, certFile] = ['key.pem', 'cert.pem'].map((name) => join(folder, name))
const made = [
  'req',
  '-x509',
  '-newkey',
  'ec',
  '-pkeyopt',
  'ec_paramgen_curve:prime256v1',
  '-nodes',
  '-days',
  '2',
]
spawnSync('openssl', [...made, '-subj', '/CN=localhost', '-keyout', keyFile, '-out', certFile])
const certificate = { key: readFileSync(keyFile), cert: readFileSync(certFile) }
rmSync(folder, { recursive: true })

const message = Buffer.alloc(128, 'x')
const kinds = await Promise.all(
  [
    ['stream', (socket) => new StreamWire(socket)],
    ['handle', (socket) => lightest(new StreamWire(socket))],
  ].map(async ([name, make]) => ({ name, samples: [], clients: await open(make) })),
)
for (let round = 0; round < rounds; round++) {
  for (const { clients, samples } of kinds) {
    const before = process.cpuUsage()
    for (let i = 0; i < trips; i++) await roundTrip(clients)
    const { user, system } = process.cpuUsage(before)
    samples.push((user + system) / trips / connections)
  }
}
for (const { name, samples } of kinds) {
  // Code gets warm in the first half.
  const sorted = samples.slice(samples.length >> 1).sort((a, b) => a - b)
  const [least, median] = [sorted[0], sorted[sorted.length >> 1]].map((value) => value.toFixed(1))
  console.log(`${name}: ${median} us, at least ${least}`)
}
process.exit()

async function open(make) {
  const server = tls.createServer({ ...certificate, allowHalfOpen: true }, (socket) => {
    socket.setNoDelay(true)
    const wire = make(socket)
    wire.user = {
      onPieces: (pieces) => void wire.write(pieces[0]),
      onDrain() {},
      onEndOfInput() {},
      onClose() {},
    }
    wire.resume()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return Promise.all(
    Array.from({ length: connections }, async () => {
      const client = tls.connect({
        port: server.address().port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
      })
      await once(client, 'secureConnect')
      client.setNoDelay(true)
      return client
    }),
  )
}

function roundTrip(clients) {
  return new Promise((resolve) => {
    let left = clients.length
    for (const client of clients) {
      client.removeAllListeners('data').on('data', () => {
        if (--left === 0) resolve()
      })
      client.write(message)
    }
  })
}
