// First messages by which a protocol is recognised where the handshake does not say it. Next: protocols.ts.
import type { Message } from '../../wire/index.ts'
import { LetGo } from './let-go.ts'
import { isObject, parseJson } from './message.ts'
import { YjsFields } from './yjs-message.ts'

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
