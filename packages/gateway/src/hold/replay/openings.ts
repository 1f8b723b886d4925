// First messages by which a protocol is recognised where the handshake does not say it. Next: protocols.ts.
import type { Message } from '../../wire/index.ts'
import { LetGo } from './let-go.ts'
import { isObject, type JsonObject, parseJson, parseObject } from './message.ts'
import { YjsFields } from './yjs-message.ts'

/** Characters within which the handshake of SignalR has ended. */
const longestSignalR = 200

/** The INFO of a NATS server. */
export function opensNats(message: Message): boolean {
  return message.type === 'binary' && message.data.subarray(0, 6).toString() === 'INFO {'
}

/** `connectionParams`, or a call or a batch of calls of a tRPC client. */
export function opensTrpc(message: Message): boolean {
  const content = parseJson(message)
  const [first] = Array.isArray(content) ? content : [content]
  if (!isObject(first)) return false
  if (first.method === 'connectionParams') return 'data' in first && first.id === undefined
  const isCall = first.method === 'subscription' || first.method === 'query' || first.method === 'mutation'
  return isCall && first.id !== undefined && isObject(first.params) && typeof first.params.path === 'string'
}

/** Bayeux (Faye, CometD): messages that name a channel; Faye first sends none at all, in the same brackets. */
export function opensBayeux(message: Message): boolean {
  const content = parseJson(message)
  if (!Array.isArray(content)) return false
  return content.every(
    (one) => isObject(one) && typeof one.channel === 'string' && isBayeux(one, one.channel),
  )
}

function isBayeux({ clientId }: JsonObject, channel: string): boolean {
  return channel.startsWith('/meta/') || (channel.startsWith('/') && typeof clientId === 'string')
}

/** The handshake of SignalR: its hub protocol and the version of that, closed by a record separator. */
export function opensSignalR(message: Message): boolean {
  const words = begin(message, longestSignalR)
  const end = words.indexOf('\x1e')
  if (end < 0) return false
  const handshake = parseObject({ type: 'text', data: words.slice(0, end) })
  return typeof handshake?.protocol === 'string' && typeof handshake.version === 'number'
}

/** The opening packet of an Engine.IO server, below Socket.IO too. */
export function opensEngineIo(message: Message): boolean {
  if (message.type !== 'text' || !message.data.startsWith('0{')) return false
  const handshake = parseObject({ type: 'text', data: message.data.slice(1) })
  return typeof handshake?.sid === 'string' && typeof handshake.pingInterval === 'number'
}

/** The opening frame of a SockJS server. */
export function opensSockJs({ type, data }: Message): boolean {
  return type === 'text' && data === 'o'
}

/** A client of GraphQL that no subprotocol was selected for, so that nothing says which of the two it speaks. */
export function opensGraphql(message: Message): boolean {
  const { type, id, payload } = parseObject(message) ?? {}
  if (type === 'connection_init') return id === undefined
  return type === 'start' && typeof id === 'string' && isObject(payload) && typeof payload.query === 'string'
}

/** CONNECT of a STOMP client, or STOMP, which is the same since version 1.1. */
export function opensStomp(message: Message): boolean {
  return /^(?:CONNECT|STOMP)\r?\n/.test(begin(message, 9))
}

/** The opening tag of RFC 7395 3.4. */
export function opensXmpp({ type, data }: Message): boolean {
  return type === 'text' && /^<open\s/.test(data) && data.includes('urn:ietf:params:xml:ns:xmpp-framing')
}

/** The handshake of a SocketCluster client. */
export function opensSocketCluster(message: Message): boolean {
  const content = parseJson(message)
  return isObject(content) && content.event === '#handshake' && typeof content.cid === 'number'
}

/** y-websocket: the first step of a sync, which is a state vector and nothing more. */
export function opensYjs(message: Message): boolean {
  return reads(message, (fields) => fields.varUint() === 0 && fields.varUint() === 0 && isStateVector(fields))
}

/** Hocuspocus: the name of a document, and the token for it. */
export function opensHocuspocus(message: Message): boolean {
  return reads(message, (fields) => {
    const name = fields.varString()
    if (name === '' || fields.varUint() !== 2 || fields.varUint() !== 0) return false
    fields.varString()
    // Newer ones add their version.
    if (!fields.atEnd) fields.varString()
    return true
  })
}

/** The first characters of a message of either type. */
function begin({ data }: Message, length: number): string {
  return typeof data === 'string' ? data.slice(0, length) : data.toString('latin1', 0, length)
}

/** Whether it fits, and is all that the message says. */
function reads(message: Message, fits: (fields: YjsFields) => boolean): boolean {
  if (message.type === 'text') return false
  const fields = new YjsFields(message.data)
  try {
    return fits(fields) && fields.atEnd
  } catch (error) {
    if (error instanceof LetGo) return false
    throw error
  }
}

/** A number of clients, and for each its number and its clock. */
function isStateVector(fields: YjsFields): boolean {
  const vector = new YjsFields(fields.varBytes())
  for (let left = vector.varUint() * 2; left > 0; left--) vector.varUint()
  return vector.atEnd
}
