import type { Command } from 'commander'
import { type AdminFlags, runAdminCommand } from '../admin-client.ts'
import type { Io } from '../output.ts'
import { listOf, object, text } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

interface UndrainFlags extends AdminFlags {
  route?: string
  upstream?: string
}

export function registerUndrain(program: Command, io: Io): void {
  const command = program
    .command('undrain')
    .summary('take back in what was drained')
    .description(
      'Take a drained route or upstream back in: it gets clients again. Without --route and --upstream all that is drained.',
    )
    .option('--route <name>', 'one route, or an upstream of this route only')
    .option('--upstream <url>', 'one upstream, named as status shows it')
  withAdminFlags(command).action(({ route, upstream, ...flags }: UndrainFlags) =>
    runAdminCommand(
      io,
      flags,
      (ask) =>
        ask<{ undrained: string[] }>('POST', '/api/undrain', {
          body: { route, upstream },
          shape: object({ undrained: listOf(text) }),
        }),
      ({ undrained }) => undrained.map((part) => `taken back in: ${part}\n`).join(''),
    ),
  )
}
