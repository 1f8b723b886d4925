// `npm start` runs `sh -c 'node server.mjs'` and passes SIGTERM on to that shell, which passes it on to nobody: the
// server goes on as an orphan, or is killed with its container, and no handler of its ever runs.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** A process above this one, as Linux tells it. */
export interface ProcessInfo {
  pid: number
  /** Its arguments; the first is its name. */
  argv: readonly string[]
  /** The signals that it has handlers for, as a mask: signal n is bit n - 1. Source: proc_pid_status(5), SigCgt. */
  caught: bigint
  parent: number
}

const shells = new Set(['sh', 'dash', 'bash', 'ash', 'busybox', 'ksh', 'mksh', 'zsh'])
const sigterm = 15

/**
 * What to say when a shell stands between this process and whoever stops it, and passes no SIGTERM on; undefined when
 * none does. `above` tells the process with a pid, undefined where that cannot be known.
 */
export function behindShell(
  parent: number,
  above: (pid: number) => ProcessInfo | undefined,
): string | undefined {
  const shell = above(parent)
  if (shell === undefined || !runsCommand(shell.argv) || catches(shell.caught, sigterm)) return undefined
  const runner = above(shell.parent)?.argv.join(' ') ?? ''
  const npm = /(?:^|\/)(npm|pnpm|yarn)\b/.exec(runner)?.[1]
  const command = shell.argv.join(' ')
  return [
    `SIGTERM sent to ${npm ?? 'what started it'} will not reach this process:`,
    `${command} (pid ${shell.pid}) is in between and passes no signal on.`,
    `Write "exec" before the command${npm ? ' in the script of package.json' : ''}, or start it without the shell`,
  ].join(' ')
}

/** A shell between this process and whoever stops it, which passes no SIGTERM on. */
export interface SwallowingShell {
  /** What is in between, and what to write so that it is not. */
  words: string
  /** Whether it waits for its command: when it has ended and this process has not, somebody stopped it. */
  waits: boolean
}

/** The shell that keeps SIGTERM from this process; undefined without one, and on systems that do not show it. Source: proc(5). */
export function swallowingShell(): SwallowingShell | undefined {
  const words = behindShell(process.ppid, processAbove)
  if (words === undefined) return undefined
  return { words, waits: waitsForCommand(processAbove(process.ppid)?.argv ?? []) }
}

/** `sh -c COMMAND` without a `&` waits until the command has ended; a script may start things and leave them. */
export function waitsForCommand(argv: readonly string[]): boolean {
  const command = argv.slice(1).filter((word) => !word.startsWith('-'))
  const alone = /(?<![&>])&(?![&>])/
  return argv.some((word) => /^-[a-z]*c$/.test(word)) && !command.some((word) => alone.test(word))
}

/** A shell that waits for a command or a script; at a prompt it has neither. */
function runsCommand([name = '', ...args]: readonly string[]): boolean {
  const words = basename(name) === 'busybox' ? args.slice(1) : args
  return shells.has(basename(name)) && words.some((word) => !word.startsWith('-') || /^-[a-z]*c/.test(word))
}

function catches(mask: bigint, signal: number): boolean {
  return ((mask >> BigInt(signal - 1)) & 1n) === 1n
}

/** From /proc; undefined on systems without it. */
export function processAbove(pid: number): ProcessInfo | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const field = (name: string) => new RegExp(`^${name}:\\s*(\\w+)`, 'm').exec(status)?.[1] ?? '0'
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').filter(Boolean)
    return { pid, argv, caught: BigInt(`0x${field('SigCgt')}`), parent: Number(field('PPid')) }
  } catch {
    return undefined
  }
}
