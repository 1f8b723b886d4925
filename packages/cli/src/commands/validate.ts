import type { Command } from 'commander'
import { configFileHere } from '../config-file-here.ts'
import { Failure, type Io, printJson } from '../output.ts'

export function registerValidate(program: Command, io: Io): void {
  program
    .command('validate')
    .summary('check a configuration')
    .description(
      'Check a configuration file: every error with line, column, and the fix. Exit status 1 if any.',
    )
    .argument('[file]', 'configuration file, YAML or JSON (default: ./holdfast.yaml)')
    .option('-c, --config <file>', 'the same')
    .option('--json', 'print one JSON document')
    .action((file: string | undefined, flags: ValidateFlags) => validate(fileOf(file, flags), flags, io))
}

interface ValidateFlags {
  config?: string
  json?: boolean
}

function fileOf(argument: string | undefined, { config }: ValidateFlags): string {
  if (argument !== undefined && config !== undefined)
    throw new Failure(2, 'name one file, with -c or without')
  const file = argument ?? config ?? configFileHere()
  if (file !== undefined) return file
  throw new Failure(2, 'there is no ./holdfast.yaml; name a file, or write one with `holdfast init`')
}

async function validate(config: string, { json }: ValidateFlags, io: Io): Promise<void> {
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
