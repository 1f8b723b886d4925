import { setTimeout as pause } from 'node:timers/promises'
import type { GatewayState } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, type Ask, askGateway, problemOf, runAdminCommand } from '../admin-client.ts'
import { readDuration } from '../duration-argument.ts'
import { Failure, type Io, jsonText, printable } from '../output.ts'
import { stateShape } from '../remote-answer.ts'
import { type Rates, ratesBetween } from '../status-rates.ts'
import { layoutOf } from '../table.ts'
import { watch } from '../watch.ts'
import { withAdminFlags } from './admin-flags.ts'

interface StatusFlags extends AdminFlags {
  watch?: boolean
  fleet?: boolean
  interval?: string
}

/** Milliseconds between the two looks that rates need. */
const ratesOverMs = 500
/** More often than this costs the gateway more than it tells. */
const minIntervalMs = 100

export function registerStatus(program: Command, io: Io): void {
  const command = program
    .command('status')
    .summary('show what a running gateway does')
    .description(
      'Show routes with their connections and rates, upstreams with their health, holds, closes by code, workers, ' +
        'drains, and the last upgrade.',
    )
    .option('--fleet', 'show the gateways of its fleet, and their store')
    .option('--watch', 'keep it fresh until Ctrl-C, or q on a terminal')
    .option('--interval <duration>', 'with --watch: from one look to the next (default: 1s)')
  withAdminFlags(command).action(async (flags: StatusFlags) => {
    // It brings the gateway's code with it, which no other command should wait for.
    const { statusPage, fleetPage } = await import('../status-view.ts')
    await status(flags, io, flags.fleet ? (state, _, layout) => fleetPage(state, layout) : statusPage)
  })
}

type StatusPage = typeof import('../status-view.ts').statusPage

async function status(flags: StatusFlags, io: Io, statusPage: StatusPage): Promise<void> {
  if (flags.watch) return watchStatus(flags, io, statusPage)
  if (flags.interval !== undefined) throw new Failure(2, '--interval goes with --watch')
  await runAdminCommand(
    io,
    flags,
    async (ask) => {
      const first = await stateOf(ask)
      if (flags.json) return flags.fleet ? (first.fleet ?? { name: null }) : first
      return flags.fleet ? without(first) : withRates(ask, first)
    },
    (answer) => ('rates' in answer ? statusPage(answer.state, answer.rates, layoutOf(io)) : ''),
  )
}

/** Nothing of it is a rate. */
function without(state: GatewayState): { state: GatewayState; rates: Rates } {
  return { state, rates: new Map() }
}

async function withRates(ask: Ask, first: GatewayState): Promise<{ state: GatewayState; rates: Rates }> {
  await pause(ratesOverMs)
  const state = await stateOf(ask)
  return { state, rates: ratesBetween(first, state) }
}

function stateOf(ask: Ask): Promise<GatewayState> {
  return ask<GatewayState>('GET', '/api/state', { shape: stateShape })
}

/** A gateway that goes away is waited for, but it must be there at first. */
async function watchStatus(
  { interval = '1s', ...flags }: StatusFlags,
  io: Io,
  statusPage: StatusPage,
): Promise<void> {
  const everyMs = readDuration('--interval', interval)
  if (everyMs < minIntervalMs) throw new Failure(2, `--interval is at least ${minIntervalMs}ms`)
  const ask = askGateway(io, flags)
  const show = flags.json ? jsonLines() : io.stdout.isTTY ? pages(io, statusPage) : blocks(io, statusPage)
  let met = false
  await watch(io, {
    everyMs,
    look: async () => {
      try {
        const state = await stateOf(ask)
        met = true
        return show.state(state)
      } catch (error) {
        if (!(error instanceof Failure)) throw error
        if (met) return show.away(error)
        if (!flags.json) throw error
        io.stdout.write(`${jsonText(problemOf(error))}\n`)
        throw new Failure(error.status, [], error.code)
      }
    },
  })
}

/** What a watch prints of a look. */
interface Looks {
  state(state: GatewayState): string
  /** The gateway does not answer; undefined when that has been said. */
  away(why: Failure): string | undefined
}

/** Each replaces the one before; of a gateway that is away the last state stays. */
function pages(io: Io, statusPage: StatusPage): Looks {
  let before: GatewayState | undefined
  let page = ''
  let since = 0
  return {
    state(state) {
      page = statusPage(state, ratesBetween(before, state), layoutOf(io))
      before = state
      since = 0
      return page
    },
    away({ message }) {
      since ||= performance.now()
      const seconds = Math.round((performance.now() - since) / 1000)
      const { paint } = layoutOf(io)
      return `${paint('red', printable(message))}\n${paint('dim', `trying again since ${seconds} s; this was before:`)}\n\n${page}`
    },
  }
}

/** One after the other, each with the time of the look. */
function blocks(io: Io, statusPage: StatusPage): Looks {
  let before: GatewayState | undefined
  let away = false
  return {
    state(state) {
      const page = statusPage(state, ratesBetween(before, state), layoutOf(io))
      before = state
      away = false
      return `${new Date().toISOString()}\n${page}\n`
    },
    away({ message }) {
      if (away) return undefined
      away = true
      return `${new Date().toISOString()}\n${printable(message)}; trying again\n\n`
    },
  }
}

/** One document a line. */
function jsonLines(): Looks {
  let away = false
  return {
    state(state) {
      away = false
      return `${jsonText(state)}\n`
    },
    away(why) {
      if (away) return undefined
      away = true
      return `${jsonText(problemOf(why))}\n`
    },
  }
}
