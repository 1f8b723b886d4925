import type { ConnectionInfo } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, runAdminCommand } from '../admin-client.ts'
import { type Cell, formatBytes, formatDuration, type Io, painter, table } from '../output.ts'
import { withAdminFlags } from './admin-flags.ts'

interface ConnectionsFlags extends AdminFlags {
  route?: string
  state?: string
  limit: string
}

export function registerConnections(program: Command, io: Io): void {
  const command = program
    .command('connections')
    .summary('list open connections')
    .description('List the open connections of a running gateway.')
    .option('--route <name>', 'only those of one route')
    .option('--state <state>', 'only those in one state: open or closing')
    .option('--limit <n>', 'how many at most', '100')
  withAdminFlags(command).action((flags: ConnectionsFlags) =>
    runAdminCommand(
      io,
      flags,
      (ask) => ask<{ connections: ConnectionInfo[] }>('GET', `/api/connections?${queryOf(flags)}`),
      ({ connections }) => showConnections(connections, Date.now(), painter(io)),
    ),
  )
}

function queryOf({ route, state, limit }: ConnectionsFlags): URLSearchParams {
  const query = new URLSearchParams({ limit })
  if (route !== undefined) query.set('route', route)
  if (state !== undefined) query.set('state', state)
  return query
}

function showConnections(
  connections: ConnectionInfo[],
  now: number,
  paint: ReturnType<typeof painter>,
): string {
  if (connections.length === 0) return 'no connections\n'
  const rows = connections.map(
    ({ id, route, upstream, address, state, openedAt, messages, bytes }): Cell[] => [
      id,
      route,
      upstream || '-',
      address,
      state,
      formatDuration(now - openedAt),
      messages['to-upstream'],
      messages['to-client'],
      formatBytes(bytes['to-upstream'] + bytes['to-client']),
    ],
  )
  return table(
    paint,
    ['ID', 'ROUTE', 'UPSTREAM', 'CLIENT', 'STATE', 'OPEN FOR', 'MESSAGES UP', 'DOWN', 'BYTES'],
    rows,
  )
}
