import type { Command } from 'commander'
import type { CheckFlags } from '../check-flags.ts'
import type { Io } from '../output.ts'

export function registerCheck(program: Command, io: Io): void {
  program
    .command('check')
    .summary('find out why WebSockets fail')
    .description(
      'Find out why WebSockets fail: at a URL, layer by layer, in the configuration of a proxy, or when your server restarts.\n' +
        'Exit status: 0 healthy, 1 a fault was found, 2 wrong use.',
    )
    .argument('[url]', 'ws, wss, http or https URL to check')
    .option('--upstream <url>', 'the backend behind it, asked directly, to tell on which side a fault is')
    .option('--protocol <name>', 'subprotocol to offer; repeat for more', collect)
    .option('--header <name:value>', 'header to send, such as Origin or Cookie; repeat for more', collect)
    .option('--timeout <duration>', 'what each layer may take (default: 5s)')
    .option('--idle <duration>', 'silence to survive; 70s finds limits of a minute (default: 3s)')
    .option('--proxy-config <file>', 'configuration of a proxy, or - for standard input, such as nginx -T')
    .option('--kind <name>', 'the proxy that it is for, where its text does not tell')
    .option('--hold', "record one client's opening behind the URL, and say how its route should hold it")
    .option('--restart <command>', 'start your server by this command, stop it, and say what its clients see')
    .option('--clients <n>', 'with --restart: how many clients to connect (default: 10)')
    .option('--message <text>', "with --restart: what the talking client sends (default: 'holdfast check')")
    .option(
      '--grace <duration>',
      'with --restart: from SIGTERM to SIGKILL (default: Docker 10s, Kubernetes 30s)',
    )
    .option('--start <duration>', 'with --restart: what the start may take (default: 30s)')
    .option('--json', 'print one JSON document')
    .action(async (url: string | undefined, flags: CheckFlags) => {
      // The doctor is loaded by those who call for it only: the other commands start faster.
      const { check } = await import('../check.ts')
      await check(url, flags, io)
    })
}

function collect(value: string, values: string[] = []): string[] {
  return [...values, value]
}
