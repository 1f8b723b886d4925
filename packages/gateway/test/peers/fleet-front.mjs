// What is in front of a fleet and behind it: clients of @holdfast/client/resume, and a backend that counts. Both say numbers to each other
// at an even pace, and what is lost, doubled or out of order shows. Options in the first argument, JSON; each line of stdin is something to
// do, with an `id`, and is answered by a line of stdout with the same one.
import { createInterface } from 'node:readline'
import { setTimeout as after } from 'node:timers/promises'
import { WebSocket, WebSocketServer } from 'ws'
import { ReconnectingWebSocket } from '../../../client/dist/resume.js'

/** `everyMs`: milliseconds between two messages of each side. `retryMs`: how long clients wait at most; default: as they do. */
const { host, port, url, clients: many, everyMs, retryMs } = JSON.parse(process.argv[2])
/** How connections of clients have ended, and how often. */
let endings = {}
const count = (how) => (endings[how] = (endings[how] ?? 0) + 1)
const faults = []
const fault = (what) => faults.length < 50 && faults.push(what)
/** Milliseconds from a loss of the connection until the session went on, since this was last asked for. */
let aways = []
/** Milliseconds that a connection must live for its client to start its backoff again: a little more than `minUptime`. */
const steadyMs = 5_200
/** Of the longest of them what the client met on its way back, and when, in milliseconds. */
let longest = { awayMs: 0, met: [] }
let stopping = false
/** Connections that clients have begun to make. */
let attempts = 0

/** One session, as both of its ends see it. */
class Life {
  sent = 0
  arrived = new Set()
  again = 0
  pushed = 0
  heard = new Set()
  /** What the client was told, in all. */
  told = { lost: 0, doubled: 0 }
  takenOver = 0
  upstreams = new Set()
  newest
  twoSince = 0
  twoMs = 0

  constructor(name) {
    this.name = name
  }

  attach(socket) {
    this.upstreams.add(socket)
    this.newest = socket
    this.#count()
    socket.on('close', () => {
      this.upstreams.delete(socket)
      if (this.newest === socket) this.newest = undefined
      this.#count()
    })
  }

  /** For how long it has had two upstreams at once, at most. */
  #count() {
    const now = performance.now()
    if (this.upstreams.size > 1) this.twoSince ||= now
    else if (this.twoSince > 0) {
      this.twoMs = Math.max(this.twoMs, now - this.twoSince)
      this.twoSince = 0
    }
  }

  push(more = '') {
    if (this.newest?.readyState === WebSocket.OPEN) this.newest.send(`p ${this.pushed++}${more}`)
  }

  get report() {
    const { name, sent, pushed, told, takenOver, twoMs, over } = this
    const lost = sent - this.arrived.size + pushed - this.heard.size
    return {
      name,
      sent,
      pushed,
      told,
      takenOver,
      twoMs,
      over,
      lost,
      doubled: this.again,
      arrived: this.arrived.size,
    }
  }
}

const lives = new Map()
const bySession = new Map()

const server = new WebSocketServer({ host, port, perMessageDeflate: false })
server.on('connection', (socket, { headers }) => {
  const session = headers['holdfast-session']
  let life = bySession.get(session)
  let next
  life?.attach(socket)
  socket.on('error', () => {})
  socket.on('message', (data) => {
    const [name, number, last] = String(data).split(' ')
    if (!life) {
      life = lives.get(name)
      bySession.set(session, life)
      life.attach(socket)
      next = 0
    }
    const n = Number(number)
    if (life.name !== name) fault(`the session of ${life.name} got a message of ${name}`)
    // Behind a takeover it begins anywhere.
    if (n !== (next ?? n)) fault(`the backend got ${n} of ${name} in place of ${next}`)
    next = n + 1
    if (life.arrived.has(n)) life.again++
    life.arrived.add(n)
    if (last) life.push(' end')
  })
})

class Client {
  /** Since when, by `performance.now`; undefined: not connected. */
  #since
  done = false
  #number = 0

  constructor(id) {
    const client = this
    this.id = id
    class Native extends WebSocket {
      constructor(to, protocols) {
        super(to, protocols, { perMessageDeflate: false })
        client.native = this
        attempts++
        client.meets('attempt')
        this.on('upgrade', () => client.meets('101'))
        this.on('error', ({ message }) => client.meets(message))
        this.on('close', (code, reason) => {
          client.meets(`${code} ${reason}`)
          count(`${code} ${reason}`.replace(/\d+$/, ''))
        })
      }
    }
    const retry = retryMs && (() => Math.random() * retryMs)
    this.socket = new ReconnectingWebSocket(`${url}/${id}`, [], { resume: true, WebSocket: Native, retry })
    for (const type of ['open', 'suspend', 'resume', 'message', 'close'])
      this.socket.addEventListener(type, (event) => this[type](event))
    const beat = () => {
      if (!this.done && !stopping) {
        this.send()
        this.life?.push()
      }
    }
    setTimeout(() => setInterval(beat, everyMs), Math.random() * everyMs)
  }

  send(more = '') {
    const { life } = this
    if (life) this.socket.send(`${life.name} ${life.sent++}${more}`)
  }

  get connected() {
    return this.#since !== undefined
  }

  set connected(is) {
    this.#since = is ? performance.now() : undefined
  }

  toJSON() {
    const { life, met } = this
    return { name: life?.name, met: met?.slice(-20) }
  }

  get steady() {
    return performance.now() - this.#since > steadyMs
  }

  open() {
    this.connected = true
    this.life = new Life(`${this.id}.${++this.#number}`)
    this.next = 0
    lives.set(this.life.name, this.life)
    this.send()
    if (stopping) this.end()
  }

  /** What it meets while it has no connection. */
  meets(what) {
    if (!this.connected && this.met?.length < 50)
      this.met.push(`${Math.round(performance.now() - this.lostAt)} ${what}`)
  }

  suspend() {
    this.connected = false
    this.lostAt = performance.now()
    this.met = []
    // Of a session that goes on elsewhere some may be missing: it begins anywhere.
    this.begins = true
  }

  resume({ awayMs, lost, doubled }) {
    this.connected = true
    aways.push(awayMs)
    if (awayMs > longest.awayMs) longest = { awayMs, met: this.met }
    this.life.told.lost += lost
    this.life.told.doubled += doubled
    if (lost + doubled > 0) this.life.takenOver++
    else this.begins = false
  }

  message({ data }) {
    const { life } = this
    const [, number, last] = data.split(' ')
    const n = Number(number)
    if (n < this.next || (n > this.next && !this.begins))
      fault(`client ${life.name} got ${n} in place of ${this.next}`)
    this.begins = false
    this.next = n + 1
    life.heard.add(n)
    if (!last) return
    this.done = true
    this.socket.close(1000)
  }

  close({ code, reason, session }) {
    this.connected = false
    if (!this.life || this.done) return
    this.life.over = { code, reason, why: session?.why, confirmed: session?.confirmed }
    this.life = undefined
  }

  /** Breaks its connection. */
  cut() {
    this.native?._socket?.resetAndDestroy()
  }

  end() {
    this.send(' end')
  }
}

const clients = []

const state = () => {
  const upstreams = {}
  for (const { upstreams: open } of lives.values())
    for (const { _socket: its } of open)
      upstreams[its.remoteAddress] = (upstreams[its.remoteAddress] ?? 0) + 1
  const sum = (of) => [...lives.values()].reduce((total, life) => total + of(life), 0)
  return {
    connected: clients.filter(({ connected }) => connected).length,
    steady: clients.filter(({ steady }) => steady).length,
    done: clients.filter(({ done }) => done).length,
    takenOver: sum(({ takenOver }) => takenOver),
    lives: lives.size,
    away: clients.filter(({ connected, met }) => met && !connected).slice(0, 2),
    attempts,
    upstreams,
  }
}

const does = {
  async begin() {
    for (let id = 0; id < many; id++) clients.push(new Client(id))
  },
  state,
  /** Breaks the connection of each client once, within so many milliseconds. */
  async cut({ withinMs }) {
    await Promise.all(clients.map((client) => after(Math.random() * withinMs).then(() => client.cut())))
  },
  /** How connections of clients have ended since the last time, and how long they were away. */
  aways() {
    const seen = aways.toSorted((a, b) => a - b)
    const answer = {
      endings,
      returns: seen.length,
      medianMs: seen[seen.length >> 1],
      greatestMs: seen.at(-1),
      met: longest.met,
    }
    aways = []
    longest = { awayMs: 0, met: [] }
    endings = {}
    return answer
  },
  stop() {
    stopping = true
    for (const client of clients) if (client.life) client.end()
  },
  report: () => ({ faults, lives: [...lives.values()].map((life) => life.report) }),
}

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, what, ...more } = JSON.parse(line)
    const answer = await does[what](more)
    process.stdout.write(`${JSON.stringify({ id, ...answer })}\n`)
  })
  .on('close', () => process.exit())
server.on('listening', () => process.stdout.write('{"listening":true}\n'))
