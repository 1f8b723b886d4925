// The keys `hold` and `resume` of a route.
import { code, mayTravel } from '@holdfast/close-codes'
import { z } from 'zod'
import type { ReplayOptions } from '../core/index.ts'
import { replayProtocols } from '../hold/replay/index.ts'
import { Wrong } from './errors.ts'
import { choice, duration, list, report, section, size, text, whole } from './fields.ts'
import { lastCode } from './schema-codes.ts'
import { bindPattern, readBind } from './units.ts'

/** Codes after which nobody may be held: a backend that means them wants the client gone, or never sends them. */
const neverHeld: readonly number[] = [code.normalClosure, code.policyViolation]

const departure = z.union(
  [
    whole(code.normalClosure, lastCode).superRefine((value, ctx) => {
      if (neverHeld.includes(value) || !mayTravel(value)) {
        report(ctx, new Wrong(`must not be ${value}, which always reaches the client`, 'leave it out'))
      }
    }),
    z.literal('lost'),
  ],
  { error: () => 'must be a close code such as 1012, or lost' },
)

const replaySection = z
  .union(
    [
      section({ first: whole(1, 1000).describe("The client's first so many messages are sent again.") }),
      section({
        file: text('a path', (value) => value).describe(
          'An ES module of your own, relative to the configuration file.',
        ),
      }),
      choice(['auto', 'none', ...replayProtocols]),
    ],
    {
      error: () =>
        `must be auto, none, { first: N }, { file: PATH }, or one of ${replayProtocols.join(', ')}`,
    },
  )
  .transform((value): ReplayOptions => {
    if (value === 'auto' || value === 'none') return { by: value }
    if (typeof value === 'string') return { by: 'protocol', name: value }
    return 'first' in value ? { by: 'first', messages: value.first } : { by: 'file', path: value.file }
  })

/** The thresholds at which a client acknowledges must fit. */
const minResumeBuffer = 16 * 1024

export const hold = section({
  for: duration().prefault('30s').describe('Time after which a client without an upstream is told 1012.'),
  on: list(departure, 'close code, or lost')
    .default([code.serviceRestart, 'lost'])
    .describe('Close codes of the upstream after which the client is held; lost: its TCP ended without one.'),
  stopping: z
    .boolean()
    .default(true)
    .describe(
      'A Close with 1000, 1001, none or a private code counts as a restart when the upstream is found to be stopping; ' +
        'to know that, the client waits for the Close up to a second.',
    ),
  state: choice(['auto', 'none'])
    .default('auto')
    .describe(
      'auto: a client goes on only when a replay or the new upstream (Holdfast-Restored) has restored its session, ' +
        'else it is told 1012. none: every message stands for itself, and it always goes on.',
    ),
  buffer: size()
    .prefault('256KiB')
    .describe('Bytes of the client kept for the next upstream; then it is not read any more.'),
  replay: replaySection
    .prefault('auto')
    .describe('What the next upstream is told again. auto: what fits the protocol, where it is recognised.'),
})

export const resume = section({
  for: duration()
    .prefault('60s')
    .describe('Time for which the session of a client without a connection is kept.'),
  buffer: size(minResumeBuffer)
    .prefault('1MiB')
    .describe(
      'Bytes of unacknowledged messages kept for one client; then its upstream is not read any more.',
    ),
  total: size()
    .prefault('256MiB')
    .describe(
      'Bytes in all for clients without a connection, in each worker; past it those that wait longest are given up.',
    ),
  stall: duration()
    .prefault('2m')
    .describe('Time in which a client must acknowledge something; then it is told 1008, and may come back.'),
  bind: text('cookie:NAME or header:NAME', readBind, bindPattern)
    .optional()
    .describe('A client comes back only with the same value of this cookie or header; else it is told 3000.'),
}).superRefine(({ buffer, total }, ctx) => {
  if (total < buffer)
    report(ctx, new Wrong(`must not be less than resume.buffer (${buffer} bytes), not ${total}`), ['total'])
})
