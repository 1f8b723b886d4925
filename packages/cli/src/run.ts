import { Command, CommanderError } from 'commander'
import { registerCommands } from './commands/index.ts'
import { otherWord } from './other-words.ts'
import { type ExitStatus, Failure, type Io, printable } from './output.ts'
import { version } from './version.ts'

/** Runs one command line (without the program's name); resolves to the exit status and prints all there is to say. */
export async function run(args: readonly string[], io: Io): Promise<ExitStatus> {
  try {
    await program(io).parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    if (!(error instanceof Failure)) throw error
    for (const line of error.lines)
      io.stderr.write(`holdfast: ${line.split('\n').map(printable).join('\n')}\n`)
    return error.status
  }
}

function program(io: Io): Command {
  const program = new Command('holdfast')
    .description('A WebSocket gateway that tells the truth when a connection ends.')
    .version(version, '-V, --version', 'show the version')
    .helpCommand('help [command]', 'show the help of a command')
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(`holdfast: ${oneLine(text)}\n`),
    })
    .exitOverride()
  for (const register of registerCommands) register(program, io)
  return program
}

/** "error: unknown option '--lissen'\n(Did you mean --listen?)" as one line. */
function oneLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  const [, word = ''] = /^error: unknown (?:command|option) '([^'=]*)/.exec(text) ?? []
  const here = otherWord(word)
  if (here !== undefined) return `${lines[0]?.replace(/^error: /, '')}; did you mean ${here}?`
  return lines
    .filter((line) => line !== '')
    .join('\n')
    .replace(/^error: /, '')
    .replace(/\n\(Did you mean (.*)\?\)$/, '; did you mean $1?')
    .replaceAll('\n', ' ')
}
