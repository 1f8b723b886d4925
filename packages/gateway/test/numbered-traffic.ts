// Connections whose messages carry numbers, both ways: what is lost, doubled or out of order shows.
import { setTimeout as pause } from 'node:timers/promises'
import {
  type H2Session,
  startUpstream,
  type TestUpstream,
  type UpstreamOptions,
  type WsClient,
  wsClient,
} from '@holdfast/testing'

/** Milliseconds between two messages of a server to a connection; clients send half as many. */
const pushEveryMs = 50

/** A server that answers 'c<n>' with 'a<n>', and sends 'p0', 'p1', … by itself. */
export async function numberedUpstream(
  options: UpstreamOptions = {},
  every = pushEveryMs,
): Promise<TestUpstream & { readonly faults: string[] }> {
  const faults: string[] = []
  const upstream = await startUpstream({ ...options, echo: false })
  const pushed: number[] = []
  const timer = setInterval(() => {
    for (const connection of upstream.connections.slice(pushed.length)) {
      pushed.push(0)
      let next = 0
      connection.socket.on('message', (data) => {
        const text = String(data)
        if (text !== `c${next++}`) faults.push(`the upstream got ${text} in place of c${next - 1}`)
        connection.send(`a${text.slice(1)}`)
      })
    }
    for (const [i, connection] of upstream.connections.entries()) {
      if (!connection.ending) connection.send(`p${pushed[i]!++}`)
    }
  }, every)
  const dispose = upstream[Symbol.asyncDispose]
  return Object.assign(upstream, {
    faults,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await dispose()
    },
  })
}

/** Clients that send 'c0', 'c1', … and check what comes. */
export class Crowd implements Disposable {
  readonly clients: WsClient[] = []
  readonly faults: string[] = []
  /** False when it is over, and its connections end. */
  watching = true
  /** Milliseconds from each message of a client to its answer. */
  readonly delays: number[] = []
  #count = 0
  #sent = 0
  #answered = 0
  readonly #timers: NodeJS.Timeout[] = []
  readonly #every: number

  /** `every`: milliseconds between two messages of each. */
  constructor(every = 2 * pushEveryMs) {
    this.#every = every
  }

  async join(url: string, count: number): Promise<void> {
    for (let joined = 0; joined < count; joined += 50) {
      const some = Array.from({ length: Math.min(50, count - joined) }, () => wsClient(url))
      for (const client of some) this.#follow(client)
      await Promise.all(some.map(({ opened }) => opened))
    }
  }

  /** Sends nothing more; resolves to how many messages have no answer when none came for a second. */
  async settle(): Promise<{ sent: number; unanswered: number }> {
    for (const timer of this.#timers) clearInterval(timer)
    for (let quiet = 0; this.#answered < this.#sent && quiet < 10; quiet++) {
      const before = this.#answered
      await pause(100)
      if (this.#answered > before) quiet = 0
    }
    return { sent: this.#sent, unanswered: this.#sent - this.#answered }
  }

  #follow(client: WsClient): void {
    this.clients.push(client)
    const numbered = this.number((text) => {
      if (!client.ending) client.send(text)
      return !client.ending
    })
    client.socket.on('message', (data) => numbered.heard(String(data)))
    void client.closed.then(({ code }) => numbered.over(`was closed with ${code}`))
    // One that does not open is over, as `closed` says.
    void client.opened.then(numbered.begin, () => {})
  }

  /** One connection, by whatever it is made of: `say` sends a text, and is false when that is over. */
  number(say: (text: string) => boolean): {
    begin(): void
    heard(text: string): void
    over(how: string): void
  } {
    const index = ++this.#count
    const sentAt: number[] = []
    let [nextAnswer, nextPush] = [0, 0]
    const heard = (text: string) => {
      const wanted = text[0] === 'a' ? `a${nextAnswer++}` : `p${nextPush++}`
      if (text !== wanted) this.faults.push(`client ${index} got ${text} in place of ${wanted}`)
      if (text[0] !== 'a') return
      this.#answered++
      this.delays.push(performance.now() - sentAt[nextAnswer - 1]!)
    }
    const send = () => {
      // Its server listens when it has said something itself.
      if (nextPush === 0) return
      if (!say(`c${sentAt.length}`)) return
      sentAt.push(performance.now())
      this.#sent++
    }
    return {
      heard,
      begin: () => this.#timers.push(setInterval(send, this.#every)),
      over: (how) => this.faults.push(`client ${index} ${how}`),
    }
  }

  [Symbol.dispose](): void {
    this.watching = false
    for (const timer of this.#timers) clearInterval(timer)
    for (const { socket } of this.clients) socket.terminate()
  }
}

/** One more in the crowd, over a stream of HTTP/2. */
export async function h2Numbered(crowd: Crowd, session: H2Session): Promise<void> {
  const client = await session.websocket()
  if (client.status !== 200) throw new Error(`the handshake over HTTP/2 was answered ${client.status}`)
  const numbered = crowd.number((text) => {
    if (client.ending === undefined) client.text(text)
    return client.ending === undefined
  })
  client.onMessage = ({ payload }) => numbered.heard(String(payload))
  client.stream.once('close', () => {
    if (crowd.watching) numbered.over('lost its stream')
  })
  numbered.begin()
}

/** Opens and closes a connection every 10 ms; `stop` resolves, when all are over, to how many there were and what failed. */
export function attempts(url: string): { stop(): Promise<{ count: number; failures: string[] }> } {
  let [stopped, count] = [false, 0]
  const failures: string[] = []
  const open: Promise<unknown>[] = []
  const done = (async () => {
    while (!stopped) {
      count++
      const client = wsClient(url)
      open.push(
        client.opened.then(
          () => {
            client.close(1000)
            return client.closed
          },
          (error) => failures.push(String(error)),
        ),
      )
      await pause(10)
    }
    await Promise.all(open)
    return { count, failures }
  })()
  return {
    stop() {
      stopped = true
      return done
    },
  }
}
