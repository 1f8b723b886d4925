// The dialogues of protocol/vectors.json with the client under test: the runner plays the gateway and the application.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { eventually, type ResumeStep, resumeVectors } from '@holdfast/testing'
import { afterEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import type { ReconnectCloseEvent } from '../../src/close-event.ts'
import { openSocket } from './open-socket.ts'

const { dialogues, welcomes, messages, nonce: vectorNonce } = resumeVectors()

/** A connection as the runner has it: the handshake that waits for its answer, then the socket. */
interface Conversation {
  readonly offers: string[]
  readonly nonce: string
  readonly tcp: Socket
  answer(protocol: string): void
  socket: WebSocket | undefined
  readonly heard: string[]
  close: { code: number; reason: string } | undefined
}

/** A server whose handshakes wait until the runner answers. */
async function startRunner(nonce?: string) {
  const conversations: Conversation[] = []
  const server = http.createServer()
  server.on('upgrade', (request, tcp, head) => {
    const offers = `${request.headers['sec-websocket-protocol'] ?? ''}`.split(',').map((one) => one.trim())
    const conversation: Conversation = {
      offers,
      nonce: nonce ?? randomBytes(12).toString('base64url'),
      tcp: tcp as Socket,
      socket: undefined,
      heard: [],
      close: undefined,
      answer(protocol) {
        const answering = new WebSocketServer({ noServer: true, handleProtocols: () => protocol })
        answering.handleUpgrade(request, tcp, head, (socket) => {
          conversation.socket = socket
          socket.on('error', () => {})
          socket.on('message', (data) => conversation.heard.push(`${data}`))
          socket.on('close', (code, reason) => {
            conversation.close = { code, reason: `${reason}` }
          })
        })
      },
    }
    tcp.on('error', () => {})
    conversations.push(conversation)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    conversations,
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const { tcp } of conversations) tcp.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Runner = Awaited<ReturnType<typeof startRunner>>

function play(runner: Runner, opened: ReturnType<typeof openSocket>) {
  const { socket, seen, closes, resumes } = opened
  const taken = new Map<Conversation, number>()
  let told = 0
  let conversation: Conversation
  const fill = (text: string) =>
    text
      .replace(/\$nonce(\d+)/g, (_, which) => runner.conversations[which - 1]!.nonce)
      .replace(/\$(\d+)/g, 'token-$1')
  const say = (body: object) => conversation.socket!.send(`\0${conversation.nonce}${JSON.stringify(body)}`)
  /** The next message of the client's that is not only said in passing. */
  const hear = async (
    what: string,
    isIt: (text: string, control: Record<string, unknown> | undefined) => boolean,
  ) => {
    await eventually(what, () => {
      for (;;) {
        const text = conversation.heard[taken.get(conversation) ?? 0]
        if (text === undefined) return false
        taken.set(conversation, (taken.get(conversation) ?? 0) + 1)
        const head = `\0${conversation.nonce}`
        const control = text.startsWith(head) ? JSON.parse(text.slice(head.length)) : undefined
        if (isIt(text, control)) return true
        if (control?.type !== 'ack' && control?.type !== 'ping') throw new Error(`${what}, and not ${text}`)
      }
    })
  }
  /** The next thing that the application is told, but for what only this client says. */
  const tell = async (what: string) => {
    await eventually(what, () => {
      while (seen[told] === 'suspend' || seen[told] === 'error') told++
      return told < seen.length
    })
    return seen[told++]
  }

  return async (step: ResumeStep): Promise<void> => {
    const what = JSON.stringify(step)
    if (step.client === 'connect') {
      const index = conversation ? runner.conversations.indexOf(conversation) + 1 : 0
      await eventually(what, () => runner.conversations.length > index)
      conversation = runner.conversations[index]!
      taken.set(conversation, 0)
      const back = step.back && [`holdfast.v1.${fill(step.back[0])}.${step.back[1]}`]
      expect(conversation.offers, what).toEqual(['chat.v2', 'holdfast.none', 'holdfast.v1', ...(back ?? [])])
    } else if (step.gateway === 'welcome') {
      conversation!.answer('holdfast.v1')
      const { token = '', protocol = '', received = 0, resumed = false, missing: lost, over } = step
      if (!step.lost)
        say({
          type: 'welcome',
          token: fill(token),
          protocol,
          received,
          resumed,
          lost,
          over,
          window: step.window ?? 2 ** 18,
          for: 60_000,
        })
    } else if (step.gateway === 'select') conversation!.answer(step.protocol!)
    else if (step.gateway === 'close') conversation!.socket!.close(step.code, step.reason)
    else if (step.gateway === 'text') {
      if (!step.lost) conversation!.socket!.send(fill(step.data!))
    } else if (step.gateway) {
      if (!step.lost) say({ type: step.gateway, received: step.received, id: step.id })
    } else if (step.network === 'cut') conversation!.tcp.resetAndDestroy()
    else if (step.application === 'sends') socket.send(fill(step.data!))
    else if (step.application === 'closes') socket.close(step.code, step.reason)
    else if (step.application === 'gets') expect(await tell(what), what).toBe(fill(step.data!))
    else if (step.application === 'told') {
      const event = `${await tell(what)}`
      expect(event.split(' ')[0], what).toBe(step.event)
      if (step.protocol !== undefined) expect(socket.protocol).toBe(step.protocol)
      if (step.atMost) expect(resumes.at(-1), what).toMatchObject(step.atMost)
      if (step.event !== 'close') return
      const close = closes.at(-1) as ReconnectCloseEvent
      if (step.code) expect(close.code, what).toBe(step.code)
      if (step.reason) expect(close.reason, what).toBe(step.reason)
      if (step.why) expect(close.session?.why, what).toBe(step.why)
      if (step.undelivered) expect(close.session?.unconfirmed, what).toEqual(step.undelivered)
    } else if (step.client === 'text') await hear(what, (text) => text === fill(step.data!))
    else if (step.client === 'close') {
      await eventually(what, () => conversation.close !== undefined)
      if (step.code) expect(conversation!.close!.code, what).toBe(step.code)
    } else if (step.client) {
      const expected = { type: step.client, received: step.received, id: step.id }
      await hear(what, (_, control) =>
        isDeepStrictEqual({ received: undefined, id: undefined, ...control }, expected),
      )
    }
  }
}

describe('the dialogues of PROTOCOL.md', () => {
  let socket: ReturnType<typeof openSocket>['socket'] | undefined
  afterEach(() => {
    socket?.close()
    socket = undefined
  })
  const mine = dialogues.filter(
    // A script cannot close with 1001: a browser does, and a test of that has a browser.
    ({ of, steps }) =>
      of.includes('client') && !steps.some((step) => step.application === 'closes' && step.code === 1001),
  )
  it.each(mine.map((dialogue) => [dialogue.name, dialogue] as const))('%s', async (_, { steps }) => {
    await using runner = await startRunner()
    const opened = openSocket(runner.url, ['chat.v2'])
    socket = opened.socket
    const act = play(runner, opened)
    for (const step of steps) if (step.only !== 'gateway') await act(step)
  })
})

describe('the single messages of PROTOCOL.md', () => {
  it.each(welcomes.map((welcome) => [welcome.name, welcome] as const))(
    'first: %s',
    async (_, { text, is }) => {
      await using runner = await startRunner(vectorNonce)
      const { socket, seen } = openSocket(runner.url, ['chat.v2'])
      await eventually('a handshake', () => runner.conversations.length > 0)
      const [conversation] = runner.conversations
      conversation!.answer('holdfast.v1')
      conversation!.socket!.send(text)
      if (is === 'welcome') await eventually('open', () => seen.includes('open'))
      else await eventually('1002', () => conversation!.close?.code === 1002)
      expect(seen.includes('open')).toBe(is === 'welcome')
      socket.close()
    },
  )

  const theirs = messages.filter(
    ({ from, text, frames }) => from !== 'client' && text !== undefined && !frames,
  )
  it.each(theirs.map((message) => [message.name, message] as const))('later: %s', async (_, { text, is }) => {
    await using runner = await startRunner(vectorNonce)
    const { socket, seen } = openSocket(runner.url, ['chat.v2'])
    await eventually('a handshake', () => runner.conversations.length > 0)
    const [conversation] = runner.conversations
    conversation!.answer('holdfast.v1')
    conversation!.socket!.send(welcomes.find((welcome) => welcome.is === 'welcome')!.text)
    await eventually('open', () => seen.includes('open'))
    conversation!.socket!.send(text!)
    if (is === 1002) await eventually('1002', () => conversation!.close?.code === 1002)
    else {
      conversation!.socket!.send('behind it')
      await eventually('the next message', () => seen.at(-1) === 'behind it')
      expect(seen.includes(text)).toBe(is === 'data')
    }
    socket.close()
  })
})
