// How each side of a Pipe is read: the rules of its frames, its limits, and whether it is asked for signs of life.
import type { Clock } from '../core/index.ts'
import type { Hold } from '../hold/index.ts'
import { deflateRsv } from '../http/index.ts'
import type { FrameRules } from '../wire/index.ts'
import type { KeepaliveOptions } from './keepalive.ts'
import type { PipeOptions } from './pipe-options.ts'

export interface SideOptions {
  rules: FrameRules
  messagesPerSecond?: number
  /** For how many milliseconds of silence it may make up at once. Default: a second. */
  savesMs?: number
  /** Absent where its wire itself watches who is behind it. */
  keepalive?: KeepaliveOptions | false
  clock: Clock
  /** What this side's bytes and control frames pass by on a route with `hold`. */
  hold?: Hold
}

/** Towards the client a frame up to this size, header included, is sent on whole or not at all. */
const wholeFrames = 64 * 1024

export function clientOptions(options: PipeOptions, clock: Clock, hold: Hold | undefined): SideOptions {
  const { messagesPerSecond, savesMs, keepalive } = options
  const unlimited = messagesPerSecond === undefined
  return {
    rules: { masked: true, ...sharedRules(options), wholeFrames: 0, split: false, unlimited },
    messagesPerSecond,
    savesMs,
    keepalive: options.watchesClient ? undefined : keepalive,
    clock,
    hold,
  }
}

export function upstreamOptions(options: PipeOptions, clock: Clock, hold: Hold | undefined): SideOptions {
  const { rsv, keepalive } = options
  // Held clients must be told 1012 whenever an upstream dies, so that no frame of theirs may be half sent.
  const split = hold !== undefined && (rsv === 0 || rsv === deflateRsv)
  return {
    rules: { masked: false, ...sharedRules(options), wholeFrames, split, unlimited: true },
    keepalive,
    clock,
    hold,
  }
}

function sharedRules({ rsv, messageBytes = Number.POSITIVE_INFINITY }: PipeOptions) {
  return { rsv, messageBytes }
}
