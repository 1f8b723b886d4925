import type { Io } from '../src/output.ts'
import { run } from '../src/run.ts'

export interface CommandLineOptions {
  env?: Io['env']
  /** Cells of the terminal; without, there is none. */
  terminal?: number
}

/** Runs one command line in this process and gives what it printed. */
export async function commandLine(line: string, { env = {}, terminal }: CommandLineOptions = {}) {
  const stdout: string[] = []
  const stderr: string[] = []
  const tty = terminal === undefined ? {} : { isTTY: true, columns: terminal }
  const io: Io = {
    stdout: { write: (text) => stdout.push(text), ...tty },
    stderr: { write: (text) => stderr.push(text), ...tty },
    env,
  }
  const status = await run(line.split(' '), io)
  return { status, stdout: stdout.join(''), stderr: stderr.join('') }
}
