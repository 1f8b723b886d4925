// Yjs as y-websocket and its servers speak it (https://github.com/yjs/y-websocket): the client's first step of a sync is
// said again, so that the next server answers with what the client may have missed. The server itself asks for what it
// lacks when a connection opens, and the client answers that.

import type { Message } from '../../wire/index.ts'
import { LetGo, lettingGo } from './let-go.ts'
import { pack, type SavedMessage, unpack } from './message.ts'
import type { Replay, ReplayModule } from './module.ts'
import { binary } from './units.ts'
import { OwnAwareness, type SavedAwareness, syncType, varBytes, varUint, YjsFields } from './yjs-message.ts'

export const yjs: ReplayModule = lettingGo({ create: (saved) => new Yjs(saved as Saved | undefined) })

/** y-websocket.js. */
const messageType = { sync: 0, awareness: 1, auth: 2, queryAwareness: 3 } as const

interface Saved {
  said: boolean
  step1?: SavedMessage
  asked: boolean
  awareness: SavedAwareness
}

class Yjs implements Replay {
  /** The client has said something. */
  #said: boolean
  /** The client's last first step: what its document had at that time, it still has. */
  #step1: Message | undefined
  /** The server is of those that ask for what they lack. */
  #asked: boolean
  readonly #awareness: OwnAwareness

  constructor(saved?: Saved) {
    this.#said = saved?.said ?? false
    this.#step1 = saved?.step1 && unpack(saved.step1)
    this.#asked = saved?.asked ?? false
    this.#awareness = new OwnAwareness(saved?.awareness)
  }

  onClient(message: Message): void {
    this.#said = true
    const fields = fieldsOf(message)
    switch (fields.varUint()) {
      case messageType.sync:
        if (fields.varUint() === syncType.step1) this.#step1 = message
        return
      case messageType.awareness:
        this.#awareness.said(fields.varBytes())
        return
      case messageType.queryAwareness:
        return
      default:
        throw new LetGo('a message of the client that y-websocket does not know')
    }
  }

  onUpstream(message: Message): void {
    const fields = fieldsOf(message)
    switch (fields.varUint()) {
      case messageType.sync:
        if (fields.varUint() === syncType.step1) this.#asked = true
        return
      case messageType.awareness:
        this.#awareness.heard(fields.varBytes())
        return
      case messageType.auth:
      case messageType.queryAwareness:
        return
      default:
        throw new LetGo('a message of the server that y-websocket does not know')
    }
  }

  restores(): boolean {
    return !this.#said || (this.#step1 !== undefined && this.#asked)
  }

  replay(): Message[] {
    if (!this.#step1) return []
    const presence = this.#awareness.update
    if (!presence) return [this.#step1]
    return [this.#step1, binary(Buffer.concat([varUint(messageType.awareness), varBytes(presence)]))]
  }

  /** Whatever of a document comes twice is merged by the client, which is what Yjs is for. */
  swallow(): boolean {
    return false
  }

  save(): Saved {
    return {
      said: this.#said,
      step1: this.#step1 && pack(this.#step1),
      asked: this.#asked,
      awareness: this.#awareness.save(),
    }
  }
}

function fieldsOf(message: Message): YjsFields {
  if (message.type === 'text') throw new LetGo('a text message, where Yjs has binary ones')
  return new YjsFields(message.data)
}
