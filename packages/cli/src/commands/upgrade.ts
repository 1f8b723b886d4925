import type { UpgradeInfo } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, type Ask, runAdminCommand } from '../admin-client.ts'
import type { Io } from '../output.ts'
import { upgradeShape } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

export function registerUpgrade(program: Command, io: Io): void {
  const command = program
    .command('upgrade')
    .summary('go on with the version now on disk, without dropping connections')
    .description(
      'Start workers of the version now on disk, move all connections to them, and wait until that is done. ' +
        'If the new workers do not get ready, the old ones go on and nothing changes.',
    )
  withAdminFlags(command).action((flags: AdminFlags) =>
    runAdminCommand(io, flags, (ask) => upgrade(io, ask), showUpgrade, lossOf),
  )
}

/** Ctrl-C ends the command alone: an upgrade that has begun goes on. */
async function upgrade(io: Io, ask: Ask): Promise<UpgradeInfo> {
  const interrupted = () => {
    io.stderr.write('holdfast: the upgrade goes on in the gateway; `holdfast status` shows how far it is\n')
    process.exit(130)
  }
  process.once('SIGINT', interrupted)
  try {
    return await ask<UpgradeInfo>('POST', '/api/upgrade', {
      timeoutMs: Number.POSITIVE_INFINITY,
      shape: upgradeShape,
    })
  } finally {
    process.off('SIGINT', interrupted)
  }
}

function showUpgrade({ from, to, moved, ended, closes = {}, ms = 0 }: UpgradeInfo): string {
  const version = to === from ? `version ${to}` : `version ${to} (was ${from})`
  const first = `moved ${connections(moved)} to ${version} in ${(ms / 1000).toFixed(1)} s\n`
  if (ended === 0) return first
  const how = Object.entries(closes).map(([key, count]) => {
    const [code, by] = key.split(':')
    return `${count} by the ${by} (${code})`
  })
  return `${first}${connections(ended)} ended with their old worker: ${how.join(', ')}\n`
}

/** Connections that were cut are a failure, whatever else went well. */
function lossOf({ lost = 0 }: UpgradeInfo): string | undefined {
  return lost > 0 ? `${connections(lost)} lost: cut without a Close, their clients see 1006` : undefined
}

function connections(count: number): string {
  return count === 1 ? '1 connection' : `${count} connections`
}
