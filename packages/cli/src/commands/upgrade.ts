import type { PlannedFronts, PlannedKind, UpgradeInfo, UpgradePlan } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, type Ask, runAdminCommand } from '../admin-client.ts'
import type { Io } from '../output.ts'
import { upgradePlanShape, upgradeShape } from '../remote-answer.ts'
import { withAdminFlags } from './admin-flags.ts'

interface UpgradeFlags extends AdminFlags {
  carry: boolean
  supervisor?: boolean
  dryRun?: boolean
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
    .option('--supervisor', 'replace the supervisor, too: a new process takes over listeners and workers')
    .option('--dry-run', 'say how many connections would move, be carried or be closed, and change nothing')
  withAdminFlags(command).action((flags: UpgradeFlags) => {
    if (flags.dryRun) return runAdminCommand(io, flags, (ask) => preview(ask, flags), showPlan)
    return runAdminCommand(io, flags, (ask) => upgrade(io, ask, flags), showUpgrade, lossOf)
  })
}

function preview(ask: Ask, { carry }: UpgradeFlags): Promise<UpgradePlan> {
  const body = { dryRun: true, ...(!carry && { carry }) }
  return ask<UpgradePlan>('POST', '/api/upgrade', { body, shape: upgradePlanShape })
}

const clientWords = {
  ws: 'plain clients',
  wss: 'clients over TLS',
  http2: 'clients over HTTP/2',
  session: 'sessions',
}
const upstreamWords = { ws: '', wss: ' to wss upstreams', none: ' that are held' }

function showPlan({ kinds, carriers, fronts, whyNotCarry, code, silent }: UpgradePlan): string {
  const lines = kinds.map((kind) => planWords(kind, code))
  if (lines.length === 0) lines.push('there are no connections')
  if (whyNotCarry !== undefined) lines.push(`nothing would be carried: ${whyNotCarry}`)
  for (const { id, pid, connections: count, why } of carriers)
    lines.push(`carrier ${id} (pid ${pid}): ${connections(count)} would be told ${code}, spread: ${why}`)
  if (fronts) lines.push(frontWords(fronts, code))
  if (silent.length > 0) lines.push(`without those of worker ${silent.join(', ')}, which does not say`)
  return [...lines, 'nothing was changed'].map((line) => `${line}\n`).join('')
}

function planWords({ client, upstream, move, carry, close }: PlannedKind, code: number): string {
  const fates = [
    move > 0 && `${move} would move`,
    carry > 0 && `${carry} would move and be carried by their old process`,
    close > 0 && `${close} would be told ${code} at drain.deadline, unless they have ended`,
  ]
  return `${clientWords[client]}${upstreamWords[upstream]}: ${fates.filter(Boolean).join(', ')}`
}

/** What would become of the processes that do TLS. */
function frontWords({ connections: count, replaced, why = '' }: PlannedFronts, code: number): string {
  if (!replaced) return `fronts would stay as they are, with ${connections(count)}${why && `: ${why}`}`
  // Only without `carry` nothing stays for those that are there.
  const stays = why !== 'nothing is to be carried'
  return stays
    ? `fronts would be replaced, since ${why}; the old ones would stay for ${connections(count)}`
    : `fronts would be replaced, and ${connections(count)} told ${code}, spread: ${why}`
}

/** Ctrl-C ends the command alone: an upgrade that has begun goes on. */
async function upgrade(io: Io, ask: Ask, { carry, supervisor }: UpgradeFlags): Promise<UpgradeInfo> {
  const interrupted = () => {
    io.stderr.write('holdfast: the upgrade goes on in the gateway; `holdfast status` shows how far it is\n')
    process.exit(130)
  }
  process.once('SIGINT', interrupted)
  try {
    return await ask<UpgradeInfo>('POST', '/api/upgrade', {
      // A gateway of an earlier version knows no such keys.
      body: { ...(!carry && { carry }), ...(supervisor && { supervisor }) },
      timeoutMs: Number.POSITIVE_INFINITY,
      shape: upgradeShape,
    })
  } finally {
    process.off('SIGINT', interrupted)
  }
}

function showUpgrade(info: UpgradeInfo): string {
  const { from, to, moved, carried = 0, ended, closes = {}, fronts, ms = 0, supervisor } = info
  const version = to === from ? `version ${to}` : `version ${to} (was ${from})`
  const where = carried === 1 ? 'is carried by its old process' : 'are carried by their old processes'
  const carry = carried > 0 ? `${carried} of them ${where}: over TLS or HTTP/2, or to a wss upstream\n` : ''
  const tls =
    fronts === undefined
      ? ''
      : `${fronts === 1 ? '1 front was' : `${fronts} fronts were`} replaced; the old ones end behind their last client\n`
  const first = `moved ${connections(moved)} to ${version} in ${(ms / 1000).toFixed(1)} s\n${carry}${tls}${supervisor === undefined ? '' : `the supervisor is process ${supervisor} now\n`}`
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
