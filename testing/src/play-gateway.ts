import { randomBytes } from 'node:crypto'
import type net from 'node:net'
import type { Changes } from './changes.ts'
import { waitLimitMs, within } from './eventually.ts'
import type { HttpHead } from './http-head.ts'
import { RawConnection, rawUpstream, switchingProtocols } from './raw-upstream.ts'
import { Conversation, type Heard, inPassing, isControl, Names, Unexpected } from './resume-names.ts'
import type { ResumeDialogue, ResumeStep } from './resume-vectors.ts'

/** What an application was told: one event of its session. */
export interface Told {
  event: 'open' | 'message' | 'resume' | 'close'
  protocol?: string
  data?: string
  /** With `resume`. */
  atMost?: { lost: number; doubled: number }
  code?: number
  reason?: string
  /** Why the session is over, where a `welcome` said it. */
  why?: string
  /** What did not arrive. */
  undelivered?: string[]
}

/** A client under test, and its application. */
export interface ResumingClient {
  open(url: string, protocols: string[]): void
  /** Resolves when the client has taken the message over. */
  send(text: string): Promise<void>
  close(code: number, reason: string): void
  /** Everything so far, in order. */
  readonly told: readonly Told[]
  readonly changes: Changes
}

/** What clients of the dialogues offer for their application. */
const protocols = ['chat.v2']
const window = 262_144

/** Plays the gateway of a dialogue to a client. Rejects where the client does something else than the dialogue says. */
export async function playGateway(dialogue: ResumeDialogue, client: ResumingClient): Promise<void> {
  const requests: { request: HttpHead; socket: net.Socket }[] = []
  await using server = await rawUpstream({
    onRequest: (request, socket) => {
      requests.push({ request, socket })
      client.changes.notify()
      return true
    },
  })
  const play = new GatewayPlay(dialogue, client, requests, server.url)
  try {
    await play.run()
  } catch (error) {
    const told = JSON.stringify(client.told.slice(-5))
    throw new Unexpected(`${dialogue.name}, step ${play.step}: ${error}\ntold: ${told}`)
  } finally {
    for (const { socket } of requests) socket.destroy()
  }
}

interface Connection {
  request: HttpHead
  socket: net.Socket
  conversation?: Conversation
  welcomed?: boolean
}

class GatewayPlay {
  step = ''
  readonly #names = new Names()
  readonly #connections: Connection[] = []
  #toldCount = 0
  readonly #dialogue: ResumeDialogue
  readonly #client: ResumingClient
  readonly #requests: { request: HttpHead; socket: net.Socket }[]
  readonly #url: string

  constructor(
    dialogue: ResumeDialogue,
    client: ResumingClient,
    requests: { request: HttpHead; socket: net.Socket }[],
    url: string,
  ) {
    this.#dialogue = dialogue
    this.#client = client
    this.#requests = requests
    this.#url = url
  }

  async run(): Promise<void> {
    this.#client.open(this.#url, protocols)
    for (const [index, step] of this.#dialogue.steps.entries()) {
      if (step.only && step.only !== 'client') continue
      this.step = `${index} ${JSON.stringify(step)}`
      await within(waitLimitMs, this.step, this.#take(step))
    }
    const rest = this.#client.told.slice(this.#toldCount).filter(({ event }) => event !== 'close')
    if (rest.length > 0) throw new Unexpected(`the application was told more: ${JSON.stringify(rest)}`)
  }

  async #take(step: ResumeStep): Promise<void> {
    if (step.network) await this.#cut(step)
    else if (step.gateway) this.#say(step)
    else if (step.client) await this.#expect(step)
    else if (step.application) await this.#application(step)
  }

  /** What was said before arrives: a reset throws away what the other side has not read. */
  async #cut(step: ResumeStep): Promise<void> {
    const { conversation, welcomed, socket } = this.#connection(step)
    if (welcomed) await conversation?.settled()
    socket.resetAndDestroy()
  }

  #connection({ on }: ResumeStep) {
    const connection = this.#connections[on === undefined ? this.#connections.length - 1 : on - 1]
    if (!connection) throw new Unexpected('there is no such connection')
    return connection
  }

  #say(step: ResumeStep): void {
    const connection = this.#connection(step)
    if (step.gateway === 'select' || step.gateway === 'welcome') {
      const { request, socket } = connection
      const protocol = step.gateway === 'select' ? step.protocol : 'holdfast.v1'
      socket.write(switchingProtocols(request, { protocol }))
      const nonce = randomBytes(12).toString('base64url')
      this.#names.meet(`$nonce${this.#connections.length}`, nonce)
      connection.conversation = new Conversation(new RawConnection(socket, request, {}), nonce)
      if (step.gateway === 'select' || step.lost) return
      const token = this.#token(step.token!)
      const { received, resumed, missing: lost, over } = step
      const given = { window: step.window ?? window, for: 60_000 }
      const members = { token, protocol: step.protocol, received, resumed, lost, ...given, over }
      connection.conversation.say('welcome', members)
      connection.welcomed = true
      return
    }
    if (step.lost) return
    const { peer } = connection.conversation!
    if (step.gateway === 'text') peer.text(this.#names.fill(step.data!))
    else if (step.gateway === 'close') {
      if (!peer.frames.some(({ opcode }) => opcode === 8)) peer.close(step.code, step.reason)
    } else connection.conversation!.say(step.gateway!, members(step))
  }

  #token(name: string): string {
    const made = randomBytes(32).toString('base64url')
    this.#names.meet(name, made)
    return this.#names.fill(name)
  }

  async #expect(step: ResumeStep): Promise<void> {
    if (step.client === 'connect') return this.#expectConnection(step)
    const { conversation } = this.#connection(step)
    if (!conversation) throw new Unexpected('the connection has not been answered')
    if (step.client === 'close') {
      const close = await conversation.hearClose(inPassing)
      if (close?.code !== step.code || (step.reason !== undefined && close?.reason !== step.reason))
        throw new Unexpected(`closed with ${JSON.stringify(close)}`)
      return
    }
    const wanted = (heard: Heard) =>
      step.client === 'text'
        ? 'data' in heard && heard.data === this.#names.fill(step.data!)
        : isControl(heard, step.client!, members(step))
    const heard = await conversation.hear(this.step, (heard) => inPassing(heard) && !wanted(heard))
    if (!wanted(heard)) throw new Unexpected(`it said ${JSON.stringify(heard)}`)
  }

  async #expectConnection({ back }: ResumeStep): Promise<void> {
    const count = this.#connections.length
    await this.#client.changes.until('a handshake of the client', () => this.#requests.length > count)
    const { request, socket } = this.#requests[count]!
    this.#connections.push({ request, socket })
    const offered = request.headers['sec-websocket-protocol']
    const entry = back && `holdfast.v1.${this.#names.fill(back[0])}.${back[1]}`
    const wanted = [...protocols, 'holdfast.none', 'holdfast.v1', ...(entry ? [entry] : [])].join(', ')
    if (offered?.replace(/,\s*/g, ', ') !== wanted)
      throw new Unexpected(`it offered ${offered}, not ${wanted}`)
  }

  async #application(step: ResumeStep): Promise<void> {
    if (step.application === 'sends') return this.#client.send(this.#names.fill(step.data!))
    if (step.application === 'closes') return this.#client.close(step.code!, step.reason!)
    const told = () => this.#client.told
    await this.#client.changes.until(this.step, () => told().length > this.#toldCount)
    const next = told()[this.#toldCount++]!
    const event = step.application === 'gets' ? 'message' : step.event
    const { data, protocol, code, reason, why, undelivered, atMost } = step
    const text = data && this.#names.fill(data)
    const wanted = { event, data: text, protocol, code, reason, why, undelivered, atMost }
    for (const [name, value] of Object.entries(wanted)) {
      const is = next[name as keyof Told]
      if (value !== undefined && JSON.stringify(is) !== JSON.stringify(value))
        throw new Unexpected(`the application was told ${JSON.stringify(next)}`)
    }
  }
}

function members({ received, id }: ResumeStep): Record<string, unknown> {
  return { ...(received !== undefined && { received }), ...(id !== undefined && { id }) }
}
