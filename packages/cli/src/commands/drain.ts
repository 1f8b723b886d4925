import type { DrainCounts } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, runAdminCommand } from '../admin-client.ts'
import type { Io } from '../output.ts'
import { drainShape } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

interface DrainFlags extends AdminFlags {
  route?: string
  upstream?: string
}

export function registerDrain(program: Command, io: Io): void {
  const command = program
    .command('drain')
    .summary('close connections, spread in time')
    .description(
      'Tell clients with 1012 to reconnect, spread in time, and wait until that is done. ' +
        'Without --route or --upstream the whole gateway drains and ends.',
    )
    .option('--route <name>', 'only the connections of one route')
    .option('--upstream <url>', 'only the connections through one upstream')
  withAdminFlags(command).action((flags: DrainFlags) =>
    runAdminCommand(
      io,
      flags,
      (ask) => {
        const { route, upstream } = flags
        return ask<DrainCounts>('POST', '/api/drain', {
          body: { route, upstream },
          timeoutMs: Number.POSITIVE_INFINITY,
          shape: drainShape,
        })
      },
      ({ closed, moved, cut }) => {
        const elsewhere = moved > 0 ? `, ${moved} moved to another upstream` : ''
        return `drained: ${closed} closed${elsewhere}, ${cut} cut at the deadline\n`
      },
    ),
  )
}
