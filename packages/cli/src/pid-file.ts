// The file that says which process a gateway is, for those who stop it.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { Failure } from './output.ts'

/** A pid file of this process. */
export interface PidFile {
  /** Takes it away, unless another process has written it since. */
  remove(): void
}

/** Writes this process's id. A file that is there is replaced in one step, where its folder allows that. */
export function writePidFile(path: string): PidFile {
  const line = `${process.pid}\n`
  try {
    writeWhole(path, line)
  } catch (error) {
    throw new Failure(2, `--pid-file ${path} cannot be written (${(error as NodeJS.ErrnoException).code})`)
  }
  return {
    remove() {
      try {
        if (readFileSync(path, 'utf8') === line) rmSync(path)
      } catch {
        // Somebody else has removed it.
      }
    },
  }
}

/** Whoever reads it meanwhile reads one or the other. */
function writeWhole(path: string, text: string): void {
  const next = `${path}.${process.pid}`
  try {
    writeFileSync(next, text, { flag: 'wx' })
    renameSync(next, path)
  } catch {
    rmSync(next, { force: true })
    // A folder of somebody else's, and a file in it that may be written: /dev/stdout, or one that was made for this.
    writeFileSync(path, text)
  }
}

/** The process that a pid file names, which must be a gateway that runs. */
export function readPidFile(path: string): number {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'does not exist; does the gateway run?' : `cannot be read (${code})`
    throw new Failure(1, `the pid file ${path} ${why}`, 'no_pid_file')
  }
  const pid = Number(text)
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new Failure(1, `${path} holds no process id`, 'no_pid')
  if (!runs(pid)) throw new Failure(1, `no process ${pid} runs: ${path} is left over`, 'not_running')
  // The system gives an id again: another program must not get the signal.
  if (servesHoldfast(pid) === false)
    throw new Failure(1, `process ${pid} is not \`holdfast serve\`: ${path} is left over`, 'not_running')
  return pid
}

/** Whether a process with this id runs. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  // One that has ended, and that nobody has waited for, has no command line.
  const command = commandOf(pid)
  return command === undefined || command.length > 0
}

/** Undefined where a process does not show its command line. */
function servesHoldfast(pid: number): boolean | undefined {
  return commandOf(pid)?.includes('serve')
}

/** Source: proc(5). */
function commandOf(pid: number): string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
  } catch {
    return undefined
  }
}
