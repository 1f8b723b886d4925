import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Failure, type Io, printable } from '../output.ts'

interface InitFlags {
  config: string
  upstream: string
}

export function registerInit(program: Command, io: Io): void {
  program
    .command('init')
    .summary('write a configuration to begin with')
    .description('Write a configuration with one route, and what else is often wanted in comments.')
    .option('-c, --config <file>', 'where to write it', 'holdfast.yaml')
    .option('--upstream <url>', 'your WebSocket server', 'ws://localhost:3000')
    .action((flags: InitFlags) => init(flags, io))
}

async function init({ config, upstream }: InitFlags, io: Io): Promise<void> {
  const { formatProblem, optionsFromFlags } = await import('@holdfast/gateway')
  const result = optionsFromFlags({ upstreams: [upstream] })
  if (!result.ok) throw new Failure(2, result.problems.map(formatProblem))
  try {
    writeFileSync(config, configurationFor(upstream), { flag: 'wx' })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' ? 'is there already; name another with -c' : `cannot be written (${code})`
    throw new Failure(1, `${config} ${why}`)
  }
  const here = config === 'holdfast.yaml' ? '' : ` -c ${printable(config)}`
  io.stdout.write(`wrote ${printable(config)}; next: holdfast serve${here}\n`)
}

/** What `holdfast init` writes. Lines that begin with `#` and a key are valid, too, when the `#` goes. */
export function configurationFor(upstream: string): string {
  return `# Every key: docs/configuration.md of Holdfast. After a change: holdfast validate, then holdfast reload.
listen:
  - 127.0.0.1:8080                # 0.0.0.0:8080 for every interface
  #- { address: 0.0.0.0:8443, tls: { cert: cert.pem, key: key.pem } }     # wss, with files of yours
admin: 127.0.0.1:10120            # the operator's page, the metrics, and what \`holdfast status\` asks
routes:
  - name: default
    #match: { host: chat.example.com, path: /ws/* }     # without it: every request
    upstreams:
      - '${upstream.replaceAll("'", "''")}'
    #health: { path: /ws }        # probe every upstream by a real handshake on this path
    #hold: {}                     # clients stay connected while an upstream restarts: docs/applications.md
    #origins: [https://chat.example.com]
    #limits: { connections: 10000, perAddress: 50, messageBytes: 1MiB }
`
}
