// PROTOCOL.md sections 3 and 4: a control message is U+0000, the nonce of the connection, and a JSON object.

/** U+0000 and the nonce, which stand before each control message of a connection. */
export const prefixLength = 17

/** What a control message says. Members that its type has not are undefined. */
export interface Control {
  readonly type: string
  readonly id: number
  readonly received: number
  readonly token: string
  readonly protocol: string
  readonly resumed: boolean
  readonly window: number
  readonly for: number
  readonly lost?: number
  readonly over?: { readonly why?: string; readonly received?: number }
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0

/** The members that must be there and must be counts, by type. */
const counts = { welcome: ['received', 'window', 'for'], ack: ['received'], ping: ['id'], pong: ['id'] }

/**
 * Reads a control message. Undefined: it begins otherwise, or is no JSON object with a `type`, or lacks a member or has a
 * value that PROTOCOL.md does not allow.
 */
export function readControl(text: string): Control | undefined {
  try {
    const message: Control = JSON.parse(text.slice(prefixLength))
    const { type, token, protocol, resumed, lost = 0, over = {} } = message
    if (
      /^\0[\w-]{16}/.test(text) &&
      typeof type === 'string' &&
      (counts[type as 'ack'] ?? []).every((name) => isCount(message[name as 'id'])) &&
      (type !== 'welcome' ||
        (typeof token === 'string' &&
          /^[\w-]{1,128}$/.test(token) &&
          typeof protocol === 'string' &&
          resumed === !!resumed &&
          isCount(lost) &&
          isCount(over.received ?? 0)))
    )
      return message
  } catch {}
  return undefined
}
