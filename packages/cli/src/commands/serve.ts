import type { LogLevel } from '@holdfast/gateway'
import { type Command, Option } from 'commander'
import type { Io } from '../output.ts'
import type { ServeFlags } from '../serve.ts'

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] satisfies LogLevel[]

export function registerServe(program: Command, io: Io): void {
  program
    .command('serve')
    .summary('run the gateway')
    .description('Run the gateway in the foreground. Logs go to standard error. Flags win over the file.')
    .option(
      '-c, --config <file>',
      'configuration file, YAML or JSON (default: ./holdfast.yaml, if it is there)',
    )
    .option('--listen <host:port>', 'where clients connect (default: 127.0.0.1:8080)')
    .option('--upstream <url>', 'server to put all clients through to; repeat for more', collect)
    .option('--admin <host:port|unix:/path|off>', 'where operators connect (default: 127.0.0.1:10120)')
    .option('--workers <n|auto>', 'worker processes (default: auto, one per core)')
    .option('--pid-file <file>', 'write the process id there, for `holdfast stop --pid-file`')
    .addOption(new Option('--log-level <level>', 'least level logged').choices(logLevels).default('info'))
    .action(async (flags: ServeFlags) => {
      // The gateway is loaded by those who run one only: the other commands start in half the time.
      const { serve } = await import('../serve.ts')
      await serve(flags, io)
    })
}

function collect(url: string, urls: string[] = []): string[] {
  return [...urls, url]
}
