import type { UpgradeInfo } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, type Ask, runAdminCommand } from '../admin-client.ts'
import type { Io } from '../output.ts'
import { upgradeShape } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

interface UpgradeFlags extends AdminFlags {
  carry: boolean
}

export function registerUpgrade(program: Command, io: Io): void {
  const command = program
    .command('upgrade')
    .summary('go on with the version now on disk, without dropping connections')
    .description(
      'Start workers of the version now on disk, move all connections to them, and wait until that is done. ' +
        'If the new workers do not get ready, the old ones go on and nothing changes.',
    )
    .option(
      '--no-carry',
      'end what cannot move (TLS, HTTP/2, wss upstreams) instead of carrying it on: for fixes in TLS',
    )
  withAdminFlags(command).action((flags: UpgradeFlags) =>
    runAdminCommand(io, flags, (ask) => upgrade(io, ask, flags), showUpgrade, lossOf),
  )
}

/** Ctrl-C ends the command alone: an upgrade that has begun goes on. */
async function upgrade(io: Io, ask: Ask, { carry }: UpgradeFlags): Promise<UpgradeInfo> {
  const interrupted = () => {
    io.stderr.write('holdfast: the upgrade goes on in the gateway; `holdfast status` shows how far it is\n')
    process.exit(130)
  }
  process.once('SIGINT', interrupted)
  try {
    return await ask<UpgradeInfo>('POST', '/api/upgrade', {
      // A gateway of an earlier version knows no such key, and carries nothing.
      body: carry ? undefined : { carry },
      timeoutMs: Number.POSITIVE_INFINITY,
      shape: upgradeShape,
    })
  } finally {
    process.off('SIGINT', interrupted)
  }
}

function showUpgrade({ from, to, moved, carried = 0, ended, closes = {}, ms = 0 }: UpgradeInfo): string {
  const version = to === from ? `version ${to}` : `version ${to} (was ${from})`
  const where = carried === 1 ? 'is carried by its old process' : 'are carried by their old processes'
  const carry = carried > 0 ? `${carried} of them ${where}: over TLS or HTTP/2, or to a wss upstream\n` : ''
  const first = `moved ${connections(moved)} to ${version} in ${(ms / 1000).toFixed(1)} s\n${carry}`
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
