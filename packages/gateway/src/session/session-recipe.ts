// What another node of the fleet needs to go on with a session whose node is dead: the handshake, what was agreed, who the client is,
// and what the next upstream has to be told. Sealed where it is kept.
import { count, flag, optional, record, text } from '../core/index.ts'
import type { UpgradeRequest } from '../http/index.ts'
import { handshakeRequest } from './packed-connection.ts'

/** The number of this form. Readers take this one and the one before. */
const version = 1

export interface SessionRecipe {
  /** Name of its route. */
  route: string
  /** The key of its tokens, as Base64url. */
  key: string
  /** What its client was bound to. */
  identity?: string
  /** What the upstream has agreed to. */
  protocol?: string
  extensions?: string
  /** On routes with `hold`: what the next upstream is told. */
  held?: { session: string; request: UpgradeRequest; answers?: boolean }
  /** What the replay module remembers, as JSON. */
  replay?: string
}

const form = record<SessionRecipe & { v: number }>({
  v: count,
  route: text,
  key: text,
  identity: optional(text),
  protocol: optional(text),
  extensions: optional(text),
  held: optional(
    record<NonNullable<SessionRecipe['held']>>({
      session: text,
      request: handshakeRequest,
      answers: optional(flag),
    }),
  ),
  replay: optional(text),
})

export function writeRecipe(recipe: SessionRecipe): string {
  return JSON.stringify({ v: version, ...recipe })
}

/** Undefined: of a form that this code does not know. */
export function readRecipe(written: string): SessionRecipe | undefined {
  try {
    const { v, ...recipe } = JSON.parse(written)
    if (v !== version && v !== version - 1) return undefined
    form({ v, ...recipe }, '')
    return recipe
  } catch {
    return undefined
  }
}
