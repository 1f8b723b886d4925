// The client in protocol/python, written from PROTOCOL.md alone, against the vectors: this process plays the gateway.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  Child,
  playGateway,
  type ResumeDialogue,
  type ResumeMessage,
  type ResumingClient,
  resumeVectors,
  type Told,
} from '@holdfast/testing'
import { afterAll, beforeAll, describe, test } from 'vitest'

const driver = fileURLToPath(new URL('./peers/resume_driver.py', import.meta.url))
/** Debian's own, where its packages are; another may stand before it on the path. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const missing = spawnSync(python, ['-c', 'import websockets.legacy.client']).status !== 0

/** A line of the driver. */
type Said = Omit<Told, 'event' | 'undelivered'> & {
  session: number
  event: Told['event'] | 'sent'
  text?: string
  undelivered?: { text?: string }[]
}

/** A process of Python with many sessions, and what each of them has said so far. */
class PythonClients implements AsyncDisposable {
  readonly #child = new Child(python, [driver])
  readonly #told: Told[][] = []
  readonly #sent: number[] = []

  constructor() {
    this.#child.changes.subscribe(() => {
      for (const line of this.#child.stdout.splice(0)) this.#hear(JSON.parse(line))
    })
  }

  #hear(said: Said) {
    if (said.event === 'sent') this.#sent[said.session]!++
    else {
      const undelivered = said.undelivered?.map(({ text }) => text)
      this.#told[said.session]!.push({ ...said, data: said.text, undelivered } as Told)
    }
  }

  next(): ResumingClient {
    const session = this.#told.length
    const told: Told[] = []
    this.#told.push(told)
    this.#sent.push(0)
    const { changes } = this.#child
    const say = (command: object) => this.#child.say(JSON.stringify({ session, ...command }))
    let sent = 0
    return {
      told,
      changes,
      open: (url, protocols) => say({ do: 'open', url, protocols }),
      close: (code, reason) => say({ do: 'close', code, reason }),
      send: async (text) => {
        say({ do: 'send', text })
        const count = ++sent
        const detail = () => this.#child.describe()
        await changes.until('the client has a message', () => this.#sent[session]! >= count, { detail })
      },
    }
  }

  [Symbol.asyncDispose]() {
    return this.#child[Symbol.asyncDispose]()
  }
}

const vectors = resumeVectors()
const ofClients = vectors.dialogues.filter(({ of }) => of.includes('client'))
const start: ResumeDialogue['steps'] = [
  { client: 'connect' },
  { gateway: 'welcome', token: '$1', protocol: 'chat.v2', received: 0, resumed: false },
  { client: 'ack', received: 0 },
  { application: 'told', event: 'open', protocol: 'chat.v2' },
]

describe.skipIf(missing)('the client in Python', () => {
  let clients: PythonClients
  beforeAll(() => {
    clients = new PythonClients()
  })
  afterAll(() => clients[Symbol.asyncDispose]())

  test.each(ofClients.map((dialogue) => [dialogue.name, dialogue] as const))('%s', async (_, dialogue) => {
    await playGateway(dialogue, clients.next())
  })

  test.each(
    vectors.messages
      .filter(({ from, text }) => from !== 'client' && text !== undefined)
      .map((message) => [message.name, message] as const),
  )('takes from the gateway: %s', async (_, message) => {
    const steps = [...start, ...heard(message)]
    await playGateway({ name: message.name, of: ['client'], steps }, clients.next())
  })

  test.each(vectors.welcomes.map((welcome) => [welcome.name, welcome] as const))(
    'takes as the first message: %s',
    async (_, { name, text, is }) => {
      const steps: ResumeDialogue['steps'] = [
        { client: 'connect' },
        { gateway: 'select', protocol: 'holdfast.v1' },
        { gateway: 'text', data: text },
        is === 1002 ? { client: 'close', code: 1002 } : { application: 'told', event: 'open' },
      ]
      await playGateway({ name, of: ['client'], steps }, clients.next())
    },
  )
})

function heard({ text, is, body }: ResumeMessage): ResumeDialogue['steps'] {
  const data = text!.replace(vectors.nonce, '$nonce1')
  const said = { gateway: 'text', data }
  if (is === 1002) return [said, { client: 'close', code: 1002 }]
  const answer = body?.type === 'ping' ? [{ client: 'pong', id: body.id! }] : []
  const got = is === 'data' ? [{ application: 'gets', data }] : []
  return [said, ...answer, ...got, { application: 'sends', data: 'a' }, { client: 'text', data: 'a' }]
}
