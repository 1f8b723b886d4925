// Hocuspocus (https://tiptap.dev/docs/hocuspocus): one connection carries several Yjs documents. Each is authenticated again
// and its first step of a sync said again; the server asks for what it lacks, and the client answers that.

import type { Message } from '../../wire/index.ts'
import { BoundedMap } from './bounded-map.ts'
import { LetGo, lettingGo, unread } from './let-go.ts'
import { pack, type SavedMessage, sizeOf, unpack } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'
import { binary } from './units.ts'
import { OwnAwareness, type SavedAwareness, syncType, varBytes, varUint, YjsFields } from './yjs-message.ts'

export const hocuspocus: ReplayModule = lettingGo({
  create: (saved) => new Hocuspocus(saved as Saved | undefined),
})

/** @hocuspocus/server, types.ts. */
const messageType = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  syncReply: 4,
  stateless: 5,
  broadcastStateless: 6,
  close: 7,
  syncStatus: 8,
  ping: 9,
  pong: 10,
} as const
/** @hocuspocus/common, auth.ts. */
const authType = { token: 0, permissionDenied: 1, authenticated: 2 } as const

/** What a message of the client's will be acknowledged as: a change, or the whole of what the next server lacked. */
type Acknowledged = 'change' | 'everything'

/** One document of the connection. */
class Document {
  /** The client's last token, as it came. */
  auth: Message
  /** What it was granted, once it was: read-write or readonly. */
  scope: string | undefined
  step1: Message | undefined
  readonly awareness: OwnAwareness
  /** The client's own count of changes that are not acknowledged. */
  unsynced = 0
  /** How many of them were said to earlier servers. */
  lost = 0
  /** What the server will acknowledge, in order, since a re-attachment; undefined before one. */
  acknowledges: Acknowledged[] | undefined
  /** The next server owes its word that the client is authenticated, which is for us. */
  awaited = false

  constructor(auth: Message, awareness?: SavedAwareness) {
    this.auth = auth
    this.awareness = new OwnAwareness(awareness)
  }
}

interface SavedDocument extends Pick<Document, 'scope' | 'unsynced' | 'lost' | 'acknowledges' | 'awaited'> {
  auth: SavedMessage
  step1?: SavedMessage
  awareness: SavedAwareness
}

interface Saved {
  closed: boolean
  documents: [name: string, SavedDocument][]
}

class Hocuspocus implements Replay {
  /** The server has closed a document. */
  #closed: boolean
  readonly #documents = new BoundedMap<Document>()

  constructor(saved?: Saved) {
    this.#closed = saved?.closed ?? false
    for (const [name, { auth, step1, awareness, ...rest }] of saved?.documents ?? []) {
      const document = Object.assign(new Document(unpack(auth), awareness), rest)
      document.step1 = step1 && unpack(step1)
      this.#keep(name, document)
    }
  }

  onClient(message: Message): void {
    const read = readMessage(message)
    if (!read) return
    const { name, type, fields } = read
    const document = this.#documents.get(name)
    if (type === messageType.auth) return this.#authenticates(name, message, fields)
    if (!document) throw new LetGo('a document that was not authenticated')
    switch (type) {
      case messageType.sync:
      case messageType.syncReply:
        this.#syncs(document, message, fields.varUint())
        return this.#keep(name, document)
      case messageType.awareness:
        return document.awareness.said(fields.varBytes())
      case messageType.close:
        this.#documents.delete(name)
        return
      case messageType.queryAwareness:
      case messageType.stateless:
        return
      default:
        throw new LetGo(`a message of the client that is not known: ${type}`)
    }
  }

  #authenticates(name: string, message: Message, fields: YjsFields): void {
    if (fields.varUint() !== authType.token) throw new LetGo('an authentication that is not known')
    const document = this.#documents.get(name) ?? new Document(message)
    document.auth = message
    this.#keep(name, document)
  }

  #syncs(document: Document, message: Message, type: number): void {
    switch (type) {
      case syncType.step1:
        document.step1 = message
        // The client counts anew: what it has is acknowledged as one.
        document.unsynced = 1
        document.lost = 0
        return
      case syncType.step2:
        document.acknowledges?.push(document.acknowledges.includes('everything') ? 'change' : 'everything')
        return
      case syncType.update:
        document.unsynced += 1
        document.acknowledges?.push('change')
        return
      default:
        throw new LetGo(`a step of a sync that is not known: ${type}`)
    }
  }

  onUpstream(message: Message): void {
    const read = readMessage(message)
    const document = read && this.#documents.get(read.name)
    if (!read || !document) return
    const { name, type, fields } = read
    switch (type) {
      case messageType.auth: {
        const what = fields.varUint()
        if (what === authType.authenticated) document.scope = fields.varString()
        // The client is told, and tries again if it wants to.
        if (what === authType.permissionDenied) this.#documents.delete(name)
        return
      }
      case messageType.awareness:
        return document.awareness.heard(fields.varBytes())
      case messageType.syncStatus:
        if (fields.varUint() === 1) document.unsynced = Math.max(0, document.unsynced - 1)
        return
      case messageType.close:
        // The provider waits for another connection then.
        this.#closed = true
        return
      case messageType.sync:
      case messageType.queryAwareness:
      case messageType.syncReply:
      case messageType.stateless:
      case messageType.broadcastStateless:
        return
      default:
        throw new LetGo(`a message of the server that is not known: ${type}`)
    }
  }

  onUnread(from: 'client' | 'upstream'): void {
    // Of the server's only documents and what is stateless can be long.
    if (from === 'client') throw unread()
  }

  restores(): boolean {
    return !this.#closed
  }

  /** The server keeps what comes for a document until it has judged the token. */
  replay(): Message[] {
    return this.#documents.entries().flatMap(([name, document]) => {
      const { auth, step1, scope, awareness } = document
      document.awaited = scope !== undefined
      document.lost = document.unsynced
      document.acknowledges = []
      const presence = awareness.update
      const parts = presence && [varBytes(name), varUint(messageType.awareness), varBytes(presence)]
      return [auth, ...(step1 ? [step1] : []), ...(parts ? [binary(Buffer.concat(parts))] : [])]
    })
  }

  swallow(message: Message): boolean | Message[] {
    const read = readMessage(message)
    const document = read && this.#documents.get(read.name)
    if (!read || !document) return false
    const { type, fields } = read
    if (type === messageType.auth && document.awaited) {
      document.awaited = false
      // A client that may do more or less than before has to know.
      return fields.varUint() === authType.authenticated && fields.varString() === document.scope
    }
    if (type !== messageType.syncStatus || document.acknowledges?.shift() !== 'everything') return false
    // With all that the client had, the changes have come that no server has acknowledged.
    const again = fields.varUint() === 1 ? document.lost : 0
    document.unsynced = Math.max(0, document.unsynced - again)
    document.lost = 0
    return again === 0 || new Array<Message>(again).fill(message)
  }

  save(): Saved {
    const documents = this.#documents.entries().map(([name, document]): [string, SavedDocument] => {
      const { auth, step1, awareness, scope, unsynced, lost, acknowledges, awaited } = document
      const messages = { auth: pack(auth), step1: step1 && pack(step1), awareness: awareness.save() }
      return [name, { ...messages, scope, unsynced, lost, acknowledges, awaited }]
    })
    return { closed: this.#closed, documents }
  }

  #keep(name: string, document: Document): void {
    this.#documents.set(name, document, sizeOf(document.auth) + (document.step1 ? sizeOf(document.step1) : 0))
  }
}

/** Undefined for a ping or its answer, which belong to no document. */
function readMessage(message: Message): { name: string; type: number; fields: YjsFields } | undefined {
  if (message.type === 'text') throw new LetGo('a text message, where Hocuspocus has binary ones')
  const [first] = message.data
  if (message.data.length === 1 && (first === messageType.ping || first === messageType.pong))
    return undefined
  const fields = new YjsFields(message.data)
  const name = fields.varString()
  return { name, type: fields.varUint(), fields }
}
