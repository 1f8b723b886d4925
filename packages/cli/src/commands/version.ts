import type { Command } from 'commander'
import type { Io } from '../output.ts'
import { version } from '../version.ts'

export function registerVersion(program: Command, io: Io): void {
  program
    .command('version')
    .summary('show the version')
    .description('Show the version of holdfast and of the runtime under it.')
    .action(
      () => void io.stdout.write(`holdfast ${version} (${runtime()}, ${process.platform} ${process.arch})\n`),
    )
}

function runtime(): string {
  const { bun, node } = process.versions
  return bun ? `Bun ${bun}` : `Node ${node}`
}
