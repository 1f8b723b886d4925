// Clients of the planned restarts: each sends numbered messages and checks the numbers that it gets. Options in the
// first argument, JSON: { url, clients, every }. Says when all are open; a line on stdin ends it with a report.
import { createInterface } from 'node:readline'
import { WebSocket } from 'ws'

const { url, clients, every } = JSON.parse(process.argv[2])
const say = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000
const short = 20

const seen = { disconnects: [], lost: 0, doubled: 0, reordered: 0, epochs: 0, received: 0 }
const delays = { short: 0, long: [] }
/** How many messages each session has sent. */
const sent = {}
let stopping = false

function client() {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  let session
  let epoch = -1
  /** Last number of this epoch; undefined when its backend has said that it was the last. */
  let last
  let count = 0
  let timer
  const finish = () => {
    clearTimeout(timer)
    socket.send('q')
  }
  const ended = new Promise((resolve) => {
    socket.on('message', (data) => {
      const [kind, one, two] = String(data).split(' ')
      const number = Number(one)
      if (kind === 'h') {
        if (last !== undefined) seen.lost++ // the epoch before had no end
        if (session && one !== session) seen.lost++
        session = one
        if (Number(two) <= epoch) seen.reordered++
        epoch = Number(two)
        last = 0
        seen.epochs++
      } else if (kind === 'e') {
        if (number > last) seen.lost += number - last
        last = undefined
        if (stopping) socket.close(1000)
      } else {
        seen.received++
        if (number > last + 1) seen.lost += number - last - 1
        else if (number === last) seen.doubled++
        else if (number < last) seen.reordered++
        last = number
        const delay = now() - Number(two)
        if (delay <= short) delays.short++
        else delays.long.push([Math.round(Number(two)), Math.round(delay)])
      }
    })
    socket.on('close', (code) => {
      clearTimeout(timer)
      sent[session] = count
      if (!stopping || code !== 1000) seen.disconnects.push(code)
      resolve()
    })
  })
  socket.on('error', () => {})
  const opened = new Promise((resolve) => {
    socket.on('open', () => {
      timer = setTimeout(function push() {
        socket.send(`c ${++count} ${now()}`)
        timer = setTimeout(push, every)
      }, Math.random() * every)
      resolve()
    })
  })
  return { opened, ended, finish }
}

const all = []
for (let i = 0; i < clients; i += 50) {
  const batch = Array.from({ length: Math.min(50, clients - i) }, client)
  all.push(...batch)
  await Promise.all(batch.map(({ opened }) => opened))
}
say({ open: now() })
createInterface({ input: process.stdin })
  .on('line', async () => {
    stopping = true
    for (const { finish } of all) finish()
    await Promise.all(all.map(({ ended }) => ended))
    say({ seen, delays, sent })
    process.stdin.destroy()
  })
  .on('close', () => stopping || process.exit(0))
