import type { DrainCounts, GatewayState } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, type Ask, adminPlace, runAdminCommand } from '../admin-client.ts'
import { readDuration } from '../duration-argument.ts'
import { Failure, type Io, printJson } from '../output.ts'
import { readPidFile, runs } from '../pid-file.ts'
import { drainShape, stateShape } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

interface StopFlags extends AdminFlags {
  pidFile?: string
  timeout: string
}

/** Milliseconds in which a gateway that has drained ends. */
const endWithinMs = 5000
/** Milliseconds between two looks whether a process still runs. */
const lookEveryMs = 50

export function registerStop(program: Command, io: Io): void {
  const command = program
    .command('stop')
    .summary('drain a gateway and wait until its process has ended')
    .description(
      'Tell every client with 1012 to reconnect, spread in time, and wait until the process has ended. ' +
        'Found by its admin port, or by the file of `holdfast serve --pid-file`.',
    )
    .option('--pid-file <file>', 'file with the process id, in place of the admin port')
    .option('--timeout <duration>', 'with --pid-file: how long to wait for the end', '5m')
  withAdminFlags(command).action((flags: StopFlags) =>
    flags.pidFile === undefined ? byAdmin(flags, io) : byPid(flags.pidFile, flags, io),
  )
}

type Stopped = DrainCounts & { pid: number }

function byAdmin(flags: StopFlags, io: Io): Promise<void> {
  const { url, socketPath } = adminPlace(io, flags)
  const here = socketPath !== undefined || /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)
  const stop = async (ask: Ask): Promise<Stopped> => {
    const { pid } = await ask<GatewayState>('GET', '/api/state', { shape: stateShape })
    const timeoutMs = Number.POSITIVE_INFINITY
    const counts = await ask<DrainCounts>('POST', '/api/drain', { body: {}, timeoutMs, shape: drainShape })
    // Through a tunnel, or from another container, the id is that of somebody else.
    if (here) await ended(pid, endWithinMs)
    return { ...counts, pid }
  }
  return runAdminCommand(
    io,
    flags,
    stop,
    ({ pid, closed, cut }) => `stopped pid ${pid}: ${closed} closed, ${cut} cut at the deadline\n`,
  )
}

async function byPid(file: string, flags: StopFlags, io: Io): Promise<void> {
  const timeoutMs = readDuration('--timeout', flags.timeout)
  const pid = readPidFile(file)
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new Failure(1, `process ${pid} cannot be told to stop (${code}); is it another user's?`, 'refused')
  }
  if (!(await ended(pid, timeoutMs)))
    throw new Failure(1, `process ${pid} still drains; once more ends it at once`, 'still_draining')
  if (flags.json) printJson(io, { pid })
  else io.stdout.write(`stopped pid ${pid}\n`)
}

/** Whether the process ends within `ms`. */
async function ended(pid: number, withinMs: number): Promise<boolean> {
  const limit = performance.now() + withinMs
  while (runs(pid)) {
    if (performance.now() > limit) return false
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs))
  }
  return true
}
