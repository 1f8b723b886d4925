// Which process a terminal, a shell, a container or a service manager started, and watches: it stays in front of the supervisors that
// take its place one after the other, passes signals on to them, and ends as the last of them does. Between them is a socket that each
// supervisor hands to the next.
import { type ChildProcess, fork } from 'node:child_process'
import { writeSync } from 'node:fs'
import net from 'node:net'

/** Says to a new process that it takes the place of the supervisor that has started it: the descriptor of the socket. */
const variable = 'HOLDFAST_SUCCEEDS'
/** Descriptors before those that are inherited: the standard streams and the channel. */
const ownDescriptors = 4

/** What a supervisor says to the first process. */
type Said = { pid: number } | { exit: number }

/** What the first process says: nobody watches it any more, and it will end. */
const free = 'free\n'

/** The end of a supervisor. */
export interface LineToFirst {
  readonly descriptor: number
  /** Nobody watches it: the first process has ended, or will, and this one has its place. */
  readonly alone: boolean
  say(said: Said): void
  /** Another supervisor has it. */
  close(): void
}

/** Set in a process that shall take the place of a supervisor; asked once, so that no other process inherits it. */
export function takeLineDescriptor(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const descriptor = env[variable]
  delete env[variable]
  return descriptor === undefined ? undefined : Number(descriptor)
}

/** `onGone`: the first process has ended without a word. */
export function lineToFirst(descriptor: number, onGone: () => void): LineToFirst {
  const socket = new net.Socket({ fd: descriptor })
  let alone = false
  const end = () => {
    const before = alone
    alone = true
    if (!before) onGone()
  }
  socket.on('data', (data) => {
    if (data.includes(free)) alone = true
  })
  socket.on('error', end).on('end', end).unref()
  return {
    descriptor,
    get alone() {
      return alone
    },
    say(said) {
      try {
        if (!alone) writeSync(descriptor, `${JSON.stringify(said)}\n`)
      } catch {
        // It has just ended.
      }
    },
    close() {
      alone = true
      socket.destroy()
    },
  }
}

/** The end of the first process. */
export interface LineFromSupervisors {
  /** Who is the supervisor. */
  readonly pid: number
  /** Resolves to the status with which the last supervisor has ended. */
  readonly ended: Promise<number>
  /** Nobody watches this process: it ends, and the supervisors go on. */
  free(): void
}

export interface Started {
  child: ChildProcess
  /** Undefined when it has the line of this process. */
  line: LineFromSupervisors | undefined
}

/**
 * Starts a process that takes the place of this one, with these descriptors as its own, and the code that is now at the path of the command.
 * `line`: the one of this process, when it was started so itself.
 */
export function startSuccessor(descriptors: readonly number[], line: LineToFirst | undefined): Started {
  const at = ownDescriptors + descriptors.length
  const [, program, ...args] = process.argv
  // A process group of its own: Ctrl-C in the terminal is the first process's to pass on.
  const child = fork(program!, args, {
    detached: true,
    env: { ...process.env, [variable]: String(at) },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...descriptors, line?.descriptor ?? 'pipe'],
  })
  const socket = child.stdio[at] as net.Socket | undefined
  return { child, line: line || !socket ? undefined : lineFrom(socket, child.pid ?? 0) }
}

function lineFrom(socket: net.Socket, first: number): LineFromSupervisors {
  let pid = first
  let exit = 1
  let read = ''
  socket.setEncoding('utf8')
  socket.on('data', (text: string) => {
    const lines = (read + text).split('\n')
    read = lines.pop()!
    for (const line of lines) {
      const said = JSON.parse(line) as Said
      if ('pid' in said) pid = said.pid
      else exit = said.exit
    }
  })
  socket.on('error', () => {})
  const ended = new Promise<number>((resolve) => {
    socket.once('close', () => resolve(exit))
  })
  return {
    get pid() {
      return pid
    },
    ended,
    free: () => void socket.end(free),
  }
}
