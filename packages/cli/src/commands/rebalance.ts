import { setTimeout as pause } from 'node:timers/promises'
import type { GatewayState } from '@holdfast/gateway'
import { type Command, InvalidArgumentError } from 'commander'
import { type AdminFlags, type Ask, runAdminCommand } from '../admin-client.ts'
import { readDuration } from '../duration-argument.ts'
import { Failure, formatDuration, type Io } from '../output.ts'
import { object, rebalanceShape, stateShape } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

interface RebalanceFlags extends AdminFlags {
  rate: number
  tolerance: number
  timeout: string
}

type RebalanceInfo = NonNullable<NonNullable<GatewayState['fleet']>['rebalance']>

/** Milliseconds between two looks at how far it is. */
const lookEveryMs = 500

export function registerRebalance(program: Command, io: Io): void {
  const command = program
    .command('rebalance')
    .summary('give sessions to nodes of the fleet that have fewer')
    .description(
      'Give sessions of this node to others of its fleet, without a word to their clients, until it has no more than its ' +
        'share of all connections. Ask the node that has too many, after another one was added. Ctrl-C stops it.',
    )
    .option('--rate <number>', 'sessions a second, at most', wholeNumber, 50)
    .option('--tolerance <percent>', 'how much more than its share it may keep', percent, 0.05)
    .option('--timeout <duration>', 'when to give no more', '5m')
  // The default is a part; people write percents.
  command.options.find(({ long }) => long === '--tolerance')!.default(0.05, '5%')
  withAdminFlags(command).action((flags: RebalanceFlags) =>
    runAdminCommand(io, flags, (ask) => rebalance(ask, flags, io), words, failed),
  )
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > 1000)
    throw new InvalidArgumentError('give a whole number from 1 to 1000.')
  return Number(text)
}

function percent(text: string): number {
  const [, digits] = /^(\d{1,3}(?:\.\d+)?)%?$/.exec(text) ?? []
  if (digits === undefined || Number(digits) > 100)
    throw new InvalidArgumentError('give a percentage, like 5%.')
  return Number(digits) / 100
}

async function rebalance(ask: Ask, flags: RebalanceFlags, io: Io): Promise<RebalanceInfo> {
  const timeout = readDuration('--timeout', flags.timeout)
  if (timeout < 1000 || timeout > 86_400_000) throw new Failure(2, '--timeout is from 1s to 1d')
  const { rate, tolerance } = flags
  const interrupted = onInterrupt()
  const stop = () => ask('POST', '/api/rebalance/stop', { body: {}, shape: object({}) }).catch(() => {})
  try {
    await ask('POST', '/api/rebalance', {
      body: { rate, tolerance, timeout, wait: false },
      shape: object({}),
    })
    const shows = io.stdout.isTTY && !flags.json
    let isStopped = false
    for (;;) {
      const info = await look(ask).catch(async (error) => {
        // Nobody would see it go on, or stop it.
        await stop()
        throw error
      })
      if (shows) io.stdout.write(`\r${progress(info)}\x1b[K`)
      if (info.why !== undefined) {
        if (shows) io.stdout.write('\r\x1b[K')
        return info
      }
      await Promise.race([pause(lookEveryMs), ...(isStopped ? [] : [interrupted.signalled])])
      if (!interrupted.is || isStopped) continue
      isStopped = true
      // It may have ended meanwhile.
      await stop()
    }
  } finally {
    interrupted.forget()
  }
}

async function look(ask: Ask): Promise<RebalanceInfo> {
  const { fleet } = await ask<GatewayState>('GET', '/api/state', { shape: stateShape })
  if (!rebalanceShape(fleet?.rebalance))
    throw new Failure(
      1,
      'another process has taken over, and the rebalance has ended; begin it anew',
      'replaced',
    )
  return fleet!.rebalance!
}

/** Ctrl-C, or the end of whatever has started this. */
function onInterrupt() {
  let signal = () => {}
  const its = {
    is: false,
    signalled: new Promise<void>((resolve) => {
      signal = resolve
    }),
    forget() {
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, end)
    },
  }
  const end = () => {
    its.is = true
    signal()
  }
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, end)
  return its
}

function progress({ given, connections, share }: RebalanceInfo): string {
  return `${given} given, ${connections} connections here, a share is ${share}`
}

const why: Record<NonNullable<RebalanceInfo['why']>, string> = {
  balanced: 'it has no more than its share',
  'no-room': 'no other node has less than its share',
  'none-left': 'what is left cannot be given: connections without `resume` and `hold`',
  refused: 'no other node takes any; their logs say why',
  timeout: 'its time was over; --timeout gives it more',
  stopped: 'stopped',
  'store-away': 'the store of the fleet does not answer',
  draining: 'the gateway drains',
}

function words(info: RebalanceInfo): string {
  const { given, notGiven, connections, share, ms, fullest } = info
  const stayed = notGiven > 0 ? `, ${notGiven} stayed` : ''
  const first = `${given} ${given === 1 ? 'session' : 'sessions'} given${stayed} in ${formatDuration(ms)}: ${reason(info)}`
  const last = `${connections} connections here, a share is ${share}`
  const hint = fullest && given === 0 ? `; ${fullest.host} has ${fullest.connections}: ask that one` : ''
  return `${first}\n${last}${hint}\n`
}

/** A newer gateway may know others. */
function reason(info: RebalanceInfo): string {
  return info.why === undefined ? '' : (why[info.why] ?? info.why)
}

/** It did not do what was asked for. */
function failed(info: RebalanceInfo): string | undefined {
  const isDone = info.why === 'balanced' || info.why === 'no-room' || info.why === 'stopped'
  return isDone ? undefined : `not balanced: ${reason(info)}`
}
