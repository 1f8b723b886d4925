// Clients of @holdfast/client/resume under load: each sends numbered messages and checks, one by one, what comes. Options in
// the first argument, JSON; see resume-traffic.ts. The last line of stdout is the report.
import { setImmediate as turn } from 'node:timers/promises'
import { WebSocket as UndiciWebSocket } from 'undici'
import { WebSocket } from 'ws'
import { ReconnectingWebSocket } from '../../../client/dist/resume.js'

const { url, clients, first, messages, webSocket } = JSON.parse(process.argv[2])
const mebibyte = 1024 * 1024
const classes = { ws: WebSocket, undici: UndiciWebSocket }
const report = { faults: [], returns: 0, sessions: 0, sent: {} }

/** The same as in resume_traffic.py. */
function content(of, seed, n) {
  let drawn = (Math.imul(n + 1, 2_654_435_761) + seed * 40_503 + of) >>> 0
  drawn = (drawn ^ (drawn >>> 15)) >>> 0
  const kind = drawn % 1000
  let size = kind < 100 ? 0 : kind < 750 ? drawn % 200 : kind < 960 ? drawn % 4000 : drawn % (64 * 1024)
  if (n === 20 + (seed % 10)) size = mebibyte
  const unit = `${of}.${seed}.${n};`
  return unit.repeat(Math.floor(size / unit.length) + 1).slice(0, size)
}

function exchange(seed) {
  const fault = (what) => report.faults.push(`${seed} ${what}`.slice(0, 300))
  const socket = new ReconnectingWebSocket(`${url}?seed=${seed}`, ['numbers'], {
    resume: true,
    WebSocket: classes[webSocket],
    buffer: { bytes: 64 * mebibyte, messages: 10_000 },
    retry: () => 20 * Math.random(),
  })
  socket.binaryType = 'arraybuffer'
  let next = 0
  let sent = 0
  const leave = () => sent === messages && next === messages && socket.close(1000)
  const send = async () => {
    for (; sent < messages; sent++) {
      const text = content(1, seed, sent)
      socket.send(sent % 3 ? text : Buffer.from(text))
      await turn()
    }
    leave()
  }
  socket.addEventListener('resume', () => report.returns++)
  socket.addEventListener('open', () => (sent > 0 ? fault('was opened twice') : void send()))
  socket.addEventListener('message', ({ data }) => {
    const text = typeof data === 'string' ? data : Buffer.from(data).toString()
    if (text !== content(2, seed, next) || (typeof data === 'string') !== next % 3 > 0)
      fault(`got ${text.slice(0, 30)} of ${text.length} in place of ${next}`)
    next++
    leave()
  })
  return new Promise((resolve) => {
    socket.addEventListener('close', ({ code, reason, session, retryIn }) => {
      // Before the first `open` there is no session to lose.
      if (retryIn !== null && sent === 0) return
      // The last cut may have come between its Close and the echo.
      const arrived = code === 1006 && session?.confirmed === messages
      if (code !== 1000 && !arrived)
        fault(`was closed with ${code} ${reason} ${JSON.stringify(session)?.slice(0, 80)}`)
      report.sessions++
      socket.close()
      resolve()
    })
  })
}

await Promise.all(Array.from({ length: clients }, (_, n) => exchange(first + n)))
process.stdout.write(`${JSON.stringify(report)}\n`)
process.exit()
