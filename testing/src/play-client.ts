import { waitLimitMs, within } from './eventually.ts'
import { opcode } from './frame.ts'
import type { RawClient } from './raw-client.ts'
import { rawClient } from './raw-client.ts'
import { Conversation, type Heard, inPassing, isControl, Names, Unexpected } from './resume-names.ts'
import type { ResumeDialogue, ResumeStep } from './resume-vectors.ts'
import type { TestUpstream, UpstreamConnection } from './start-upstream.ts'

/** What clients of the dialogues offer for their application. */
const protocols = ['chat.v2']
/** What `ws` says of a Close without a code. */
const noCode = 1005

/**
 * Plays the client of a dialogue, and the server behind, to a gateway. Rejects where the gateway does something else than the
 * dialogue says.
 */
export async function playClient(
  dialogue: ResumeDialogue,
  url: string,
  upstream: TestUpstream,
): Promise<void> {
  const play = new ClientPlay(dialogue, url, upstream)
  try {
    await play.run()
  } catch (error) {
    throw new Unexpected(`${dialogue.name}, step ${play.step}: ${error}`)
  } finally {
    await play.end()
  }
}

interface ClientConnection {
  peer: RawClient
  conversation: Conversation
  settles: boolean
  /** What came in passing while something else was waited for. */
  passed: Heard[]
}

class ClientPlay {
  step = ''
  readonly #names = new Names()
  readonly #connections: ClientConnection[] = []
  readonly #dialogue: ResumeDialogue
  readonly #url: string
  readonly #upstream: TestUpstream
  #server: UpstreamConnection | undefined

  constructor(dialogue: ResumeDialogue, url: string, upstream: TestUpstream) {
    this.#dialogue = dialogue
    this.#url = url
    this.#upstream = upstream
  }

  async run(): Promise<void> {
    for (const [index, step] of this.#dialogue.steps.entries()) {
      if (step.only && step.only !== 'gateway') continue
      this.step = `${index} ${JSON.stringify(step)}`
      await within(waitLimitMs, this.step, this.#take(step))
    }
    for (const { conversation } of this.#connections) {
      const rest = conversation.rest.filter((heard) => !inPassing(heard))
      if (rest.length > 0 && conversation === this.#connections.at(-1)!.conversation)
        throw new Unexpected(`the gateway said more: ${JSON.stringify(rest)}`)
    }
  }

  async end(): Promise<void> {
    for (const { peer } of this.#connections) await peer[Symbol.asyncDispose]()
  }

  async #take(step: ResumeStep): Promise<void> {
    if (step.client === 'connect') await this.#connect(step)
    else if (step.client) this.#say(step)
    else if (step.gateway) await this.#expect(step)
    else if (step.network) await this.#cut(step)
    else if (step.upstream) await this.#serve(step)
  }

  #connection({ on }: ResumeStep) {
    const connection = this.#connections[on === undefined ? this.#connections.length - 1 : on - 1]
    if (!connection) throw new Unexpected('there is no such connection')
    return connection
  }

  async #connect({ back }: ResumeStep): Promise<void> {
    const entry = back ? [`holdfast.v1.${this.#names.fill(back[0])}.${back[1]}`] : []
    const offers = [...protocols, 'holdfast.none', 'holdfast.v1', ...entry]
    const peer = await rawClient(this.#url, { protocols: offers, answersCloses: false })
    if (peer.protocol !== 'holdfast.v1') throw new Unexpected(`${peer.status}, selected ${peer.protocol}`)
    this.#connections.push({ peer, conversation: new Conversation(peer), settles: false, passed: [] })
  }

  #say(step: ResumeStep): void {
    const connection = this.#connection(step)
    const { peer, conversation } = connection
    const data = step.data && this.#names.fill(step.data)
    if (step.client === 'text') peer.text(data ?? '')
    else if (step.client === 'part') peer.frame({ opcode: opcode.text, fin: false, payload: data })
    else if (step.client === 'close') peer.close(step.code, step.reason)
    else if (step.client === 'end') peer.end()
    else conversation.say(step.client!, counts(step))
    if (step.client === 'part' || step.client === 'close') connection.settles = false
  }

  /** What was said before arrives: a reset throws away what the other side has not read. */
  async #cut(step: ResumeStep): Promise<void> {
    const { peer, conversation, settles } = this.#connection(step)
    if (settles) await conversation.settled()
    peer.reset()
  }

  async #expect(step: ResumeStep): Promise<void> {
    const connection = this.#connection(step)
    const { conversation, peer } = connection
    if (step.gateway === 'welcome') {
      if (!step.lost) await this.#expectWelcome(step)
      return
    }
    if (step.gateway === 'close') {
      const close = await conversation.hearClose(inPassing)
      const { code, reason } = step
      if (close?.code !== code || (reason !== undefined && close?.reason !== reason))
        throw new Unexpected(`closed with ${JSON.stringify(close)}`)
      connection.settles = false
      // A second Close, where the client's was first, does no harm to a connection that has ended.
      if (!step.lost && peer.stream.writable) peer.close(close?.code, close?.reason)
      return
    }
    const data = step.data && this.#names.fill(step.data)
    const wanted = (heard: Heard) =>
      step.gateway === 'text'
        ? 'data' in heard && heard.data === data
        : isControl(heard, step.gateway!, counts(step))
    // An acknowledgement may have come before what the dialogue has first.
    const early = connection.passed.findIndex(wanted)
    if (early >= 0) {
      connection.passed.splice(early, 1)
      return
    }
    const heard = await conversation.hear(this.step, (heard) => {
      const passes = inPassing(heard) && !wanted(heard)
      if (passes) connection.passed.push(heard)
      return passes
    })
    if (!wanted(heard)) throw new Unexpected(`it said ${JSON.stringify(heard)}`)
  }

  async #expectWelcome({ token, protocol, received, resumed, over }: ResumeStep): Promise<void> {
    const connection = this.#connections.at(-1)!
    const { conversation } = connection
    const heard = await conversation.hear(this.step, () => false)
    this.#names.meet(`$nonce${this.#connections.length}`, conversation.nonce!)
    const welcome = 'control' in heard ? heard.control : {}
    const members = { protocol, received, resumed }
    const why = over && { ...over }
    const given = welcome.over as object | undefined
    const fits = isControl(heard, 'welcome', members) && (!why || same({ ...given }, why))
    if (!fits) throw new Unexpected(`it said ${JSON.stringify(heard)}`)
    this.#names.meet(token!, String(welcome.token))
    connection.settles = true
  }

  async #serve(step: ResumeStep): Promise<void> {
    this.#server ??= await this.#upstream.connection()
    const server = this.#server
    const data = step.data && this.#names.fill(step.data)
    if (step.upstream === 'sends') server.send(data ?? '')
    else if (step.upstream === 'closes') server.close(step.code, step.reason)
    else if (step.upstream === 'ping') server.socket.ping(data)
    else if (step.upstream === 'pong') {
      await server.changes.until('a Pong', () => server.pongs.some((pong) => String(pong) === data))
    } else if (step.upstream === 'gets') {
      const got = await server.message()
      if (String(got) !== data) throw new Unexpected(`the upstream got ${JSON.stringify(String(got))}`)
    } else {
      const closed = await server.closed
      const { code = noCode, reason } = step
      if (closed.code !== code || (reason !== undefined && closed.reason !== reason))
        throw new Unexpected(`the upstream was closed with ${JSON.stringify(closed)}`)
    }
  }
}

const same = (one: object, other: object) =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort())

function counts({ received, id }: ResumeStep): Record<string, unknown> {
  return { ...(received !== undefined && { received }), ...(id !== undefined && { id }) }
}
