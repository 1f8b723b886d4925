import { constants } from 'node:os'
import { type Command, InvalidArgumentError } from 'commander'
import type { DemoFlags } from '../demo/demo.ts'
import { fewestSeconds, maxSeconds } from '../demo/plan.ts'
import type { Io } from '../output.ts'

/** One for each backend. */
const fewestConnections = 3
/** More clients than this are a load test, not a demo. */
const maxConnections = 2000

export function registerDemo(program: Command, io: Io): void {
  program
    .command('demo')
    .summary('see what clients see when things fail and restart')
    .description(
      'Start backends, a gateway and clients on this machine, let one thing after another fail, and show what ' +
        'clients see: directly, through nginx if it is installed, and through Holdfast. Then restart everything ' +
        'under traffic, and once more with hold and a live upgrade, and pull the plug of 50 clients with resume. Ends by ' +
        'itself within a minute.',
    )
    .option('--connections <n>', 'clients during the restarts', whole(fewestConnections, maxConnections), 200)
    .option('--seconds <n>', 'how long the restarts without hold last', whole(fewestSeconds, maxSeconds), 20)
    .option(
      '--stay',
      'keep gateway and backends running afterwards, until Ctrl-C, with a page on which to stop, kill and hang one',
    )
    .option('--only-stay', 'that at once, and nothing before it')
    .action(async (flags: DemoFlags) => {
      const { demo } = await import('../demo/demo.ts')
      const signal = await demo(flags, io)
      if (signal) process.exit(128 + constants.signals[signal])
    })
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`)
  }
}
