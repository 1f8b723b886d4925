// Small help for replay modules: messages of text and JSON, and messages in data that JSON can carry.
import type { Message } from '../../wire/index.ts'

/** A message as `save` returns it. */
export type SavedMessage = { text: string } | { base64: string }

export function text(data: string): Message {
  return { type: 'text', data }
}

export function json(value: unknown): Message {
  return text(JSON.stringify(value))
}

/** The value that a text message carries; undefined when it is not JSON. */
export function parseJson(message: Message): unknown {
  if (message.type !== 'text') return undefined
  try {
    return JSON.parse(message.data)
  } catch {
    return undefined
  }
}

export type JsonObject = Record<string, unknown>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object that a text message carries; undefined when it is something else. */
export function parseObject(message: Message): JsonObject | undefined {
  const value = parseJson(message)
  return isObject(value) ? value : undefined
}

/**
 * Whether the JSON in a text message can contain the word, so that the many messages that do not need not be parsed.
 * JSON may write any letter as an escape; nobody does, but then it is looked at.
 */
export function mentions(message: Message, words: RegExp): boolean {
  return message.type === 'text' && (words.test(message.data) || message.data.includes('\\u00'))
}

export function sizeOf(message: Message): number {
  return Buffer.byteLength(message.data)
}

export function pack(message: Message): SavedMessage {
  return message.type === 'text' ? { text: message.data } : { base64: message.data.toString('base64') }
}

export function unpack(saved: SavedMessage): Message {
  return 'text' in saved ? text(saved.text) : { type: 'binary', data: Buffer.from(saved.base64, 'base64') }
}
