import type { Command } from 'commander'
import { type AdminFlags, runAdminCommand } from '../admin-client.ts'
import type { Io } from '../output.ts'
import { withAdminFlags } from './admin-flags.ts'

export function registerUpgrade(program: Command, io: Io): void {
  const command = program
    .command('upgrade')
    .summary('replace the workers without dropping connections (not available yet)')
    .description('Move all connections to workers of the version now on disk. Not available in this version.')
  withAdminFlags(command).action((flags: AdminFlags) =>
    runAdminCommand(
      io,
      flags,
      (ask) => ask<object>('POST', '/api/upgrade'),
      () => 'upgraded\n',
    ),
  )
}
