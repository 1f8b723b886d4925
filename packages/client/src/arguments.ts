// What the application gives, checked and made into what a connection takes: WebIDL and the first steps of WHATWG.
import { browserMaySend, maxReasonBytes } from '@holdfast/close-codes'
import type { Connection, Data, WebSocketClass } from './connection.ts'
import { hostError, page, utf8Length } from './host.ts'
import type { ValueOrFactory } from './options.ts'
import { construct } from './platform.ts'

/** WHATWG, get a URL record: relative URLs are those of the document, and http(s) means ws(s). */
export function absolute(url: string): string {
  let parsed: URL | undefined
  try {
    parsed = new URL(url, page.document?.baseURI ?? page.location?.href)
  } catch {}
  // "If urlRecord's fragment is non-null": an empty one too, which `ws` lets pass.
  if (!parsed || /#/.test(url)) throw hostError('SyntaxError', `no URL for a WebSocket: ${url}`)
  // The URL class of React Native changes URLs.
  return /^wss?:/i.test(url) ? url : parsed.href.replace(/^http/, 'ws')
}

/**
 * Makes a connection. WHATWG: no two subprotocols that are the same; RFC 6455 4.1 compares them without regard to case, and
 * browsers do not.
 */
export function dial(Class: WebSocketClass, url: string, protocols: string | readonly string[]): Connection {
  const names = `${protocols}`.toLowerCase().split(',')
  if (new Set(names).size < names.length) throw hostError('SyntaxError', `protocol twice: ${protocols}`)
  return construct(Class, url, protocols)
}

/** WebIDL: what is neither text nor binary becomes text. */
export function sendable(data: Data): Data {
  if (typeof data === 'string') return data
  // By shape, not by class: another frame's ArrayBuffer is one too, and React Native has a Blob of its own.
  const binary = data as Partial<Blob & ArrayBuffer> | null
  return typeof (binary?.byteLength ?? (binary?.slice && binary.size)) === 'number' ? data : `${data}`
}

/** What `close()` is given: the code, rounded as WebIDL has it, and the reason. Throws as WHATWG does. */
export function closing(
  code: number | undefined,
  reason: string | undefined,
): [code: number | undefined, reason: string | undefined] {
  const rounded = code === undefined ? code : Math.round(+code)
  if (rounded !== undefined && !browserMaySend(rounded))
    throw hostError('InvalidAccessError', `no close code: ${rounded}`)
  if (reason !== undefined && utf8Length(`${reason}`) > maxReasonBytes)
    throw hostError('SyntaxError', `reason over ${maxReasonBytes} bytes`)
  return [rounded, reason]
}

/** Asks a function for its value; what it throws is a rejection. */
export async function resolveValue<T extends string | URL | string[]>(value: ValueOrFactory<T>): Promise<T> {
  return typeof value === 'function' ? value() : value
}
