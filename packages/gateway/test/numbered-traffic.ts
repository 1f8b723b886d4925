// Connections whose messages carry numbers, both ways: what is lost, doubled or out of order shows.
import { setTimeout as pause } from 'node:timers/promises'
import { startUpstream, type TestUpstream, type WsClient, wsClient } from '@holdfast/testing'

/** Milliseconds between two messages of a connection, each way. */
const every = 50

/** A server that answers 'c<n>' with 'a<n>', and sends 'p0', 'p1', … by itself. */
export async function numberedUpstream(): Promise<TestUpstream & { readonly faults: string[] }> {
  const faults: string[] = []
  const upstream = await startUpstream({ echo: false })
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
  /** Milliseconds from each message of a client to its answer. */
  readonly delays: number[] = []
  #sent = 0
  #answered = 0
  readonly #timers: NodeJS.Timeout[] = []

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
    const index = this.clients.push(client)
    const sentAt: number[] = []
    let [nextAnswer, nextPush] = [0, 0]
    client.socket.on('message', (data) => {
      const text = String(data)
      const wanted = text[0] === 'a' ? `a${nextAnswer++}` : `p${nextPush++}`
      if (text !== wanted) this.faults.push(`client ${index} got ${text} in place of ${wanted}`)
      if (text[0] !== 'a') return
      this.#answered++
      this.delays.push(performance.now() - sentAt[nextAnswer - 1]!)
    })
    void client.closed.then(({ code }) => this.faults.push(`client ${index} was closed with ${code}`))
    const send = () => {
      if (client.ending) return
      client.send(`c${sentAt.push(performance.now()) - 1}`)
      this.#sent++
    }
    void client.opened.then(() => this.#timers.push(setInterval(send, every * 2)))
  }

  [Symbol.dispose](): void {
    for (const timer of this.#timers) clearInterval(timer)
    for (const { socket } of this.clients) socket.terminate()
  }
}
