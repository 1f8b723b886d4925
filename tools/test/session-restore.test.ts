import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, closedPort, eventually, startHoldfast, type WsClient, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

const server = fileURLToPath(new URL('../../examples/session-restore/server.mjs', import.meta.url))

interface Said {
  number: number
  from: string
  said: number
}

/** The example behind a gateway, in a folder of its own. */
class Chat implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-chat-'))
  readonly #port: number
  #backend: Child
  #gateway: Awaited<ReturnType<typeof startHoldfast>> | undefined
  readonly #timers: NodeJS.Timeout[] = []
  readonly clients: WsClient[] = []

  private constructor(port: number) {
    this.#port = port
    this.#backend = this.#start()
  }

  static async open(): Promise<Chat> {
    const chat = new Chat(await closedPort())
    await chat.#listening()
    const route = { name: 'chat', upstreams: [`ws://127.0.0.1:${chat.#port}`], hold: { for: '20s' } }
    chat.#gateway = await startHoldfast({ config: { workers: 1, routes: [route] } })
    return chat
  }

  /** A client that joins the room and goes on talking. */
  async join(name: string): Promise<WsClient> {
    const client = wsClient(this.#gateway!.url)
    this.clients.push(client)
    await client.opened
    client.send(JSON.stringify({ join: 'lobby', name }))
    this.#timers.push(setInterval(() => client.send(JSON.stringify({ say: 'hello' })), 20))
    return client
  }

  async restart(signal: NodeJS.Signals, meanwhile = () => {}): Promise<void> {
    this.#backend.signal(signal)
    await this.#backend.exited
    meanwhile()
    this.#backend = this.#start()
    await this.#listening()
  }

  /** Resolves when every client has heard each of them speak so many times more. */
  async goesOn(times: number): Promise<void> {
    const before = this.clients.map((client) => heardBy(client).length)
    const more = () => this.clients.every((client, i) => heardBy(client).length > before[i]! + times)
    await eventually('the conversation goes on', more, { detail: () => this.#backend.describe() })
  }

  hush(): void {
    for (const timer of this.#timers) clearInterval(timer)
  }

  #start(): Child {
    return new Child(process.execPath, [server, String(this.#port), this.folder])
  }

  #listening(): Promise<unknown> {
    return this.#backend.line('the backend', (line) => line.startsWith('listening') || undefined)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hush()
    for (const client of this.clients) client.socket.terminate()
    await this.#gateway?.[Symbol.asyncDispose]()
    await this.#backend[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true })
  }
}

function heardBy({ messages }: WsClient): Said[] {
  return messages.map((text) => JSON.parse(String(text))).filter(({ number }) => number !== undefined)
}

function countsOf(said: Said[], from: string): number[] {
  return said.filter((one) => one.from === from).map((one) => one.said)
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1)

test('clients of the example keep name, room and count over planned restarts, and miss and repeat nothing', async () => {
  await using chat = await Chat.open()
  const ann = await chat.join('ann')
  await chat.goesOn(3)
  const bob = await chat.join('bob')
  for (let i = 0; i < 2; i++) {
    await chat.goesOn(10)
    await chat.restart('SIGTERM')
  }
  await chat.goesOn(10)
  const [byAnn, byBob] = [heardBy(ann), heardBy(bob)]
  expect(byAnn.map(({ number }) => number)).toEqual(upTo(byAnn.length))
  expect(byBob.map(({ number }) => number)).toEqual(upTo(byBob.length).map((i) => i + byBob[0]!.number - 1))
  for (const name of ['ann', 'bob']) {
    const counts = countsOf(byAnn, name)
    expect(counts).toEqual(upTo(counts.length))
  }
  expect([ann.socket.readyState, bob.socket.readyState]).toEqual([1, 1])
})

test('clients of the example stay when it is killed, and what they heard once is the most that they hear again', async () => {
  await using chat = await Chat.open()
  const ann = await chat.join('ann')
  const bob = await chat.join('bob')
  await chat.goesOn(10)
  await chat.restart('SIGKILL')
  await chat.goesOn(10)
  for (const client of [ann, bob]) {
    const numbers = [...new Set(heardBy(client).map(({ number }) => number))]
    expect(numbers).toEqual(upTo(numbers.length).map((i) => i + numbers[0]! - 1))
    expect(client.socket.readyState).toBe(1)
  }
})

test('a client that the example does not know any more is told 1012, to begin anew', async () => {
  await using chat = await Chat.open()
  const ann = await chat.join('ann')
  await chat.goesOn(3)
  await chat.restart('SIGTERM', () => rmSync(chat.folder, { recursive: true }))
  expect(await ann.closed).toMatchObject({
    code: 1012,
    reason: expect.stringMatching(/^service restart; retry=\d+$/),
  })
})
