import type { Command } from 'commander'

/** Adds the flags that all commands to a running gateway have. */
export function withAdminFlags(command: Command): Command {
  return command
    .option(
      '--admin <url>',
      'admin port of the gateway, or unix:/PATH (default: $HOLDFAST_ADMIN, else http://127.0.0.1:10120)',
    )
    .option('--token <token>', 'admin token (default: $HOLDFAST_ADMIN_TOKEN)')
    .option('--json', 'print one JSON document')
}
