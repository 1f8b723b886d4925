import type { UpgradeInfo } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, runAdminCommand } from '../admin-client.ts'
import type { Io } from '../output.ts'
import { withAdminFlags } from './admin-flags.ts'

export function registerUpgrade(program: Command, io: Io): void {
  const command = program
    .command('upgrade')
    .summary('go on with the version now on disk, without dropping connections')
    .description(
      'Start workers of the version now on disk, move all connections to them, and wait until that is done. ' +
        'If the new workers do not get ready, the old ones go on and nothing changes.',
    )
  withAdminFlags(command).action((flags: AdminFlags) =>
    runAdminCommand(
      io,
      flags,
      (ask) => ask<UpgradeInfo>('POST', '/api/upgrade', { within: Number.POSITIVE_INFINITY }),
      showUpgrade,
    ),
  )
}

function showUpgrade({ from, to, moved, ended, ms = 0 }: UpgradeInfo): string {
  const version = to === from ? `version ${to}` : `version ${to} (was ${from})`
  const first = `moved ${connections(moved)} to ${version} in ${(ms / 1000).toFixed(1)} s\n`
  return ended === 0 ? first : `${first}${connections(ended)} ended with their old worker\n`
}

function connections(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`
}
