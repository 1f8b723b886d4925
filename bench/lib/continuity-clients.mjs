// The clients of the continuity runs, in a process of their own. Each sends numbered messages and looks for every echo;
// when its connection ends, it returns: after the `retry=` of the Close if there is one, else at once.
import WebSocket from 'ws'

/** Milliseconds until the next attempt when one has failed. */
const again = 100
/** The width of a column in the picture of returns, milliseconds. */
const column = 100
/** The mean is taken over five seconds at least: whoever returns all at once has a mean like everybody else. */
const leastColumns = 50

let visitors = []
let events
let ticker

function clear() {
  events = {
    disconnects: 0,
    codes: {},
    lost: 0,
    doubled: 0,
    reordered: 0,
    failed: 0,
    returns: [],
    from: performance.now(),
  }
}

class Visitor {
  sent = 0
  next = 0
  lastArrival = 0
  longestGap = 0
  going = true
  ready = false
  returning = false

  constructor(place) {
    this.place = place
  }

  connect() {
    const socket = new WebSocket(`ws://127.0.0.1:${this.place.port}/`, { perMessageDeflate: false })
    this.socket = socket
    let opened = false
    return new Promise((resolve) => {
      socket.on('open', () => {
        opened = true
        this.ready = true
        this.sent = this.next = 0
        this.lastArrival ||= performance.now()
        if (this.returning) events.returns.push(performance.now() - events.from)
        resolve()
      })
      socket.on('message', (data) => this.arrived(data.readUInt32BE(0)))
      socket.on('error', () => {})
      socket.on('close', (code, reason) => {
        this.ready = false
        if (opened) this.ended(code, String(reason))
        else this.failed()
        resolve()
      })
    })
  }

  arrived(number) {
    const now = performance.now()
    this.longestGap = Math.max(this.longestGap, now - this.lastArrival)
    this.lastArrival = now
    if (number === this.next) this.next++
    else if (number < this.next) events.doubled++
    else {
      events.lost += number - this.next
      this.next = number + 1
    }
  }

  ended(code, reason) {
    if (!this.going) return
    events.disconnects++
    events.codes[code] = (events.codes[code] ?? 0) + 1
    events.lost += this.sent - this.next
    this.comeBack(Number(/retry=(\d+)/.exec(reason)?.[1] ?? 0))
  }

  failed() {
    if (!this.going) return
    events.failed++
    this.comeBack(again)
  }

  comeBack(ms) {
    this.returning = true
    setTimeout(() => this.going && this.connect(), ms)
  }

  send() {
    if (!this.ready || this.socket.readyState !== WebSocket.OPEN) return
    const message = Buffer.alloc(32)
    message.writeUInt32BE(this.sent++)
    this.socket.send(message)
  }
}

const calls = {
  /** Opens the clients and has each of them send ten messages a second from then on. */
  async open({ port, connections }) {
    clear()
    const place = { port }
    visitors = Array.from({ length: connections }, () => new Visitor(place))
    for (let i = 0; i < connections; i += 50)
      await Promise.all(visitors.slice(i, i + 50).map((v) => v.connect()))
    const open = visitors.filter(({ ready }) => ready).length
    let turn = 0
    ticker = setInterval(() => {
      for (let i = turn % 10; i < visitors.length; i += 10) visitors[i].send()
      turn++
    }, 10)
    return open
  },

  /** From now on clients return to another port. */
  async moveTo({ port }) {
    for (const visitor of visitors) visitor.place.port = port
  },

  async begin() {
    clear()
    for (const visitor of visitors) {
      visitor.longestGap = 0
      visitor.returning = false
      visitor.lastArrival = performance.now()
    }
  },

  /** Ends the sending, waits for what is still owed, and says what happened since `begin`. */
  async result() {
    clearInterval(ticker)
    const owing = () => visitors.some(({ ready, sent, next }) => !ready || next < sent)
    for (let i = 0; i < 100 && owing(); i++) await new Promise((resolve) => setTimeout(resolve, 50))
    for (const visitor of visitors) {
      visitor.going = false
      if (visitor.ready) events.lost += visitor.sent - visitor.next
      if (!visitor.ready)
        visitor.longestGap = Math.max(visitor.longestGap, performance.now() - visitor.lastArrival)
      visitor.socket.terminate()
    }
    const { from: _, returns, ...counts } = events
    const columns = columnsOf(returns)
    const busiest = Math.max(0, ...columns)
    const mean = returns.length / Math.max(columns.length, leastColumns)
    const gaps = visitors.map(({ longestGap }) => longestGap).sort((a, b) => a - b)
    const away = visitors.filter(({ ready }) => !ready).length
    visitors = []
    return {
      ...counts,
      away,
      returned: returns.length,
      busiest,
      overMean: mean > 0 ? busiest / mean : 0,
      longestGap: gaps.at(-1) ?? 0,
      gapOf99: gaps[Math.floor(gaps.length * 0.99)] ?? 0,
      columns,
    }
  },
}

/** Returns in each tenth of a second, from the first to the last of them. */
function columnsOf(returns) {
  if (returns.length === 0) return []
  const first = Math.min(...returns)
  const columns = Array(Math.floor((Math.max(...returns) - first) / column) + 1).fill(0)
  for (const at of returns) columns[Math.floor((at - first) / column)]++
  return columns
}

process.on('message', async ({ id, call, args }) => {
  try {
    process.send({ id, value: await calls[call](args) })
  } catch (error) {
    process.send({ id, error: error.message })
  }
})
process.on('disconnect', () => process.exit())
