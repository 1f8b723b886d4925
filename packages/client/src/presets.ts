// Of its own entry, so that the lists of codes are loaded only where a preset is used.
import { adviceFor, code, delayFor, parseReason, rangeOf } from '@holdfast/close-codes'
import { type PrivateCode, privateCodes } from '@holdfast/close-codes/private-codes'
import type { ReconnectCloseEvent } from './close-event.ts'

/** The ecosystems whose close codes are known. */
export type PresetId =
  | 'aws'
  | 'centrifuge'
  | 'colyseus'
  | 'discord'
  | 'discord-rpc'
  | 'discord-voice'
  | 'fastify-http-proxy'
  | 'fluxer'
  | 'gemini'
  | 'graphql-ws'
  | 'hocuspocus'
  | 'obs'
  | 'openai'
  | 'pandascore'
  | 'pusher'
  | 'socketcluster'
  | 'sockjs'
  | 'spring'
  | 'tldraw'
  | 'twitch'
  | 'websocketpp'

/** For the option `retry`. */
export type Preset = (event: ReconnectCloseEvent, attempt: number) => number | null | undefined

/** Ecosystems that give a meaning to ranges: a code that is not listed is like the listed ones of its part. */
const parts: { [id: string]: (n: number) => number } = {
  pusher: (n) => Math.floor(n / 100),
  centrifuge: (n) => Math.floor((n % 1000) / 500),
}

/**
 * Decides by the close codes of an ecosystem, for the option `retry`: stays away where its own clients do, also where
 * they come back only with other credentials or another URL, and comes back where they do. All codes that it does not
 * speak of go by the table.
 *
 * `random` is asked for a delay that the table does not have; default `Math.random`.
 *
 * @throws {RangeError} There is no ecosystem of that id.
 * @example new ReconnectingWebSocket(url, 'graphql-transport-ws', { retry: preset('graphql-ws') })
 */
export function preset(id: PresetId, random: () => number = Math.random): Preset {
  const known = privateCodes.find((one) => one.id === id)
  if (!known)
    throw new RangeError(`no preset ${id}: there are ${privateCodes.map((one) => one.id).join(', ')}`)
  const part = parts[id]

  const find = (n: number): PrivateCode | undefined => {
    const listed = known.codes.find((one) => one.code === n)
    if (listed || !part || rangeOf(n)?.id === 'protocol') return listed
    return known.codes.find((one) => part(one.code) === part(n))
  }

  return ({ code: n, reason, retryIn }, attempt) => {
    const { retry } = parseReason(reason)
    const drawn = (like: number) => delayFor(adviceFor(like), { attempt, retry, random })
    switch (find(n)?.retry) {
      case 'stop':
      case 'after-change':
        return null
      case 'at-once':
        // Once: a server that says so every time would otherwise be asked without a pause.
        return attempt === 0 ? 0 : drawn(code.badGateway)
      case 'backoff':
        return drawn(code.serviceRestart)
      case 'reconnect':
        return retryIn ?? drawn(code.badGateway)
      default:
        return undefined
    }
  }
}
