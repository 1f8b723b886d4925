import type { Command } from 'commander'
import { Failure, type Io, printJson } from '../output.ts'

export function registerValidate(program: Command, io: Io): void {
  program
    .command('validate')
    .summary('check a configuration')
    .description(
      'Check a configuration file: every error with line, column, and the fix. Exit status 1 if any.',
    )
    .requiredOption('-c, --config <file>', 'configuration file, YAML or JSON')
    .option('--json', 'print one JSON document')
    .action((flags: { config: string; json?: boolean }) => validate(flags, io))
}

async function validate({ config, json }: { config: string; json?: boolean }, io: Io): Promise<void> {
  const { formatProblem, loadConfigFile } = await import('@holdfast/gateway')
  const result = await loadConfigFile(config)
  const problems = result.ok ? [] : result.problems
  const warnings = result.ok ? result.warnings : []
  if (json) printJson(io, { ok: result.ok, problems, warnings })
  if (!result.ok) {
    // Without a line the file itself cannot be had: wrong use, not a wrong configuration.
    const status = problems.every(({ line }) => line === undefined) ? 2 : 1
    throw new Failure(status, json ? [] : problems.map(formatProblem))
  }
  if (json) return
  for (const warning of warnings) io.stderr.write(`${formatProblem(warning)}\n`)
  io.stdout.write(`${config} is valid\n`)
}
