import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Command } from 'commander'
import { Failure, type Io, printable } from '../output.ts'

export function registerConvert(program: Command, io: Io): void {
  program
    .command('convert')
    .summary("write a configuration out of nginx's")
    .description(
      'Write a configuration to begin with out of one of nginx: nginx.conf with what it includes, or what `nginx -T` prints. ' +
        'What has no like is listed above it.',
    )
    .argument('<file>', 'nginx.conf, or a part of it')
    .action((file: string) => convert(file, io))
}

async function convert(path: string, io: Io): Promise<void> {
  const { convertNginx, readFromDisk } = await import('@holdfast/doctor')
  const { config, leftOut } = convertNginx({ path, text: await textOf(path) }, { read: readFromDisk() })
  if (config.routes.length === 0) {
    const why = leftOut.map(({ file, line, message }) => `${printable(file)}:${line}: ${printable(message)}`)
    throw new Failure(1, [`${printable(path)} has no proxy_pass that can be a route here`, ...why])
  }
  const text = yamlOf(config)
  const lines = [
    `# Out of ${path}. Read it over, then: holdfast validate`,
    ...(leftOut.length > 0 ? ['#', '# Left out:'] : []),
    ...leftOut.map(({ file, line, message }) => `#   ${file}:${line}: ${message}`),
  ]
  io.stdout.write(`${lines.map(printable).join('\n')}\n${text}`)
  const faults = await faultsOf(text)
  if (faults.length > 0) throw new Failure(1, faults)
}

/** What `holdfast validate` would say of it, but for certificates: those may be on another machine. */
async function faultsOf(text: string): Promise<string[]> {
  const { formatProblem, loadConfigFile } = await import('@holdfast/gateway')
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-convert-'))
  try {
    const file = join(folder, 'holdfast.yaml')
    await writeFile(file, text)
    const result = await loadConfigFile(file)
    const problems = result.ok ? [] : result.problems.filter(({ path }) => !/\.(?:cert|key|ca)$/.test(path))
    return problems.map((problem) => formatProblem({ ...problem, file: 'the result' }))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : code
    throw new Failure(2, `cannot read '${printable(path)}': ${why}`)
  }
}

/** A mapping as YAML, its lists of mappings in block style and all within those on one line. */
export function yamlOf(config: object): string {
  return Object.entries(config)
    .map(([key, value]) => {
      if (!Array.isArray(value)) return `${key}: ${flow(value)}\n`
      if (key === 'listen' || value.every((item) => typeof item === 'string'))
        return `${key}: [${value.map(flow).join(', ')}]\n`
      return `${key}:\n${value.map(block).join('')}`
    })
    .join('')
}

function block(item: object): string {
  const rows = Object.entries(item).map(([key, value]) => `${key}: ${flow(value)}`)
  return `  - ${rows.join('\n    ')}\n`
}

/** A value in flow style. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([key, inner]) => `${scalar(key)}: ${flow(inner)}`)
      .join(', ')} }`
  // A dollar would begin a variable.
  return typeof value === 'string' ? scalar(value.replaceAll('$', '$$$$')) : String(value)
}

function scalar(value: string): string {
  const isPlain =
    /^[A-Za-z0-9_/][\w./:*()-]*$/.test(value) &&
    !/:$|^(?:true|false|null|yes|no|on|off|[\d.eExXo]+)$/i.test(value)
  return isPlain ? value : JSON.stringify(value)
}
