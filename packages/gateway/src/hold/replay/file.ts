// `replay: { file: … }`: a module of the user's own. What it returns is looked at before the gateway acts on it.
import { pathToFileURL } from 'node:url'
import { errorMessage, GatewayError } from '../../core/index.ts'
import type { Message } from '../../wire/index.ts'
import type { Replay, ReplayMessage, ReplayModule } from './module.ts'

/** `path` is absolute. */
export async function loadReplayFile(path: string): Promise<ReplayModule> {
  let loaded: { default?: unknown }
  try {
    loaded = await import(pathToFileURL(path).href)
  } catch (error) {
    const words = errorMessage(error)
    throw new GatewayError('replay_file', 'gateway', `cannot load the replay module ${path}: ${words}`, {
      cause: error,
    })
  }
  const module = loaded.default
  if (typeof module === 'function') return guarded(path, { create: module as ReplayModule['create'] })
  if (isModule(module)) return guarded(path, module)
  throw new GatewayError(
    'replay_file',
    'gateway',
    `${path} is no replay module: its default export must be a function create(saved) or an object with one, ` +
      'and needsUpstream, when it is there, a boolean',
  )
}

function isModule(value: unknown): value is ReplayModule {
  if (typeof value !== 'object' || value === null) return false
  const { create, needsUpstream = true } = value as { create?: unknown; needsUpstream?: unknown }
  return typeof create === 'function' && typeof needsUpstream === 'boolean'
}

function guarded(path: string, module: ReplayModule): ReplayModule {
  return {
    needsUpstream: module.needsUpstream ?? true,
    create(saved) {
      const replay: unknown = module.create(saved)
      atOnce(path, 'create', replay)
      for (const method of ['onClient', 'onUpstream', 'replay', 'swallow']) {
        if (typeof (replay as Record<string, unknown> | undefined)?.[method] !== 'function') {
          throw wrong(path, `what create() returned has no method ${method}()`)
        }
      }
      return new Guard(path, replay as Replay)
    },
  }
}

/** The user's Replay, and errors that say which method returned what it must not. */
class Guard implements Replay {
  readonly #path: string
  readonly #replay: Replay

  constructor(path: string, replay: Replay) {
    this.#path = path
    this.#replay = replay
  }

  onClient(message: Message): void {
    this.#atOnce('onClient', this.#replay.onClient(message))
  }

  onUpstream(message: Message): void {
    this.#atOnce('onUpstream', this.#replay.onUpstream(message))
  }

  onUnread(from: 'client' | 'upstream'): void {
    this.#atOnce('onUnread', this.#replay.onUnread?.(from))
  }

  answer(): Message[] {
    return this.#messages('answer', this.#replay.answer?.() ?? [])
  }

  replay(): ReplayMessage[] {
    const messages: ReplayMessage[] = this.#messages('replay', this.#replay.replay())
    for (const { answerWithinMs = 0 } of messages) {
      if (Number.isFinite(answerWithinMs) && answerWithinMs >= 0) continue
      throw wrong(
        this.#path,
        'replay() returned a message whose answerWithinMs is not a number of milliseconds',
      )
    }
    return messages
  }

  rest(): Message[] | undefined {
    if (!this.#replay.rest) return []
    const rest = this.#replay.rest()
    return rest === undefined ? undefined : this.#messages('rest', rest)
  }

  settled(): boolean {
    return this.#flag('settled', true)
  }

  swallow(message: Message): boolean | Message[] {
    const verdict = this.#replay.swallow(message)
    return typeof verdict === 'boolean' ? verdict : this.#messages('swallow', verdict)
  }

  restores(): boolean {
    return this.#flag('restores', true)
  }

  holds(): boolean {
    return this.#flag('holds', true)
  }

  over(): boolean {
    return this.#flag('over', false)
  }

  #flag(method: 'settled' | 'restores' | 'holds' | 'over', usual: boolean): boolean {
    const value: unknown = this.#replay[method]?.() ?? usual
    this.#atOnce(method, value)
    if (typeof value === 'boolean') return value
    throw wrong(this.#path, `${method}() did not return a boolean`)
  }

  save(): unknown {
    const saved = this.#replay.save?.()
    this.#atOnce('save', saved)
    return saved
  }

  #atOnce(method: string, value: unknown): void {
    atOnce(this.#path, method, value)
  }

  #messages(method: string, value: unknown): Message[] {
    this.#atOnce(method, value)
    if (Array.isArray(value) && value.every(isMessage)) return value.map(asMessage)
    const what = method === 'swallow' ? 'a boolean or an array of messages' : 'an array of messages'
    throw wrong(
      this.#path,
      `${method}() did not return ${what}; a message is { type: 'text', data: string } or { type: 'binary', data: Buffer }`,
    )
  }
}

/** What an async method throws would come too late to end the connection, and would be a fault of the whole process. */
function atOnce(path: string, method: string, value: unknown): void {
  if (!(value instanceof Promise)) return
  value.catch(() => {})
  throw wrong(path, `${method}() must not be async`)
}

function isMessage(value: unknown): value is Message {
  if (typeof value !== 'object' || value === null) return false
  const { type, data } = value as { type?: unknown; data?: unknown }
  return type === 'text' ? typeof data === 'string' : type === 'binary' && data instanceof Uint8Array
}

function asMessage(message: Message): Message {
  if (message.type === 'text' || Buffer.isBuffer(message.data)) return message
  const { buffer, byteOffset, byteLength } = message.data as Uint8Array
  return { ...message, data: Buffer.from(buffer, byteOffset, byteLength) }
}

function wrong(path: string, words: string): GatewayError {
  return new GatewayError('replay_file', 'gateway', `the replay module ${path}: ${words}`)
}
