// A connection that has no upstream, as if it came from another process: what a session begins with whose node is dead.
import { randomBytes } from 'node:crypto'
import { code } from '@holdfast/close-codes'
import type { PackedPipe } from '../connection/index.ts'
import type { SessionRecipe } from './session-recipe.ts'

const nothing = {
  messages: { 'to-upstream': 0, 'to-client': 0 },
  bytes: { 'to-upstream': 0, 'to-client': 0 },
}

/** Before its first frame. `holds`: it looks for its next upstream. */
export function heldPipe({ replay, held }: SessionRecipe, holds: boolean): PackedPipe {
  const pipe: PackedPipe = {
    client: {
      reader: {
        ...{ begun: '', stash: '', stashing: false, remaining: 0, inMessage: false },
        ...{ messageBytes: 0, messageAt: 0, messages: 0, bytes: 0 },
      },
    },
    carried: nothing,
  }
  if (!holds) return pipe
  return {
    ...pipe,
    hold: {
      kept: { progress: '', tooLong: false, waiting: '' },
      confirmed: { sent: 0, confirmed: 0, marked: 0, prefix: randomBytes(4).toString('base64') },
      heldFor: 0,
      departed: code.abnormalClosure,
      restOwed: false,
      reattached: true,
      proof: { losses: 0, attached: [], ...(held?.answers !== undefined && { answers: held.answers }) },
      ...(replay !== undefined && { replay: JSON.parse(replay) }),
    },
  }
}
