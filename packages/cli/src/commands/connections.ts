import type { ConnectionInfo } from '@holdfast/gateway'
import { type Command, Option } from 'commander'
import { type AdminFlags, type Ask, runAdminCommand } from '../admin-client.ts'
import { connectionsPage } from '../connections-view.ts'
import { Failure, type Io } from '../output.ts'
import { connectionsShape } from '../remote-answer.ts'
import { layoutOf } from '../table.ts'
import { withAdminFlags } from './admin-flags.ts'

interface ConnectionsFlags extends AdminFlags {
  route?: string
  state?: string
  upstream?: string
  limit: string
}

/** What the gateway gives at once. */
const maxAtOnce = 10_000

export function registerConnections(program: Command, io: Io): void {
  const command = program
    .command('connections')
    .summary('list connections')
    .description('List the connections of a running gateway.')
    .option('--route <name>', 'only those of one route')
    .addOption(new Option('--state <state>', 'only those in one state').choices(['open', 'held', 'closing']))
    .option('--upstream <url>', 'only those through one upstream, named as status shows it')
    .option('--limit <n>', 'how many at most', '100')
  withAdminFlags(command).action((flags: ConnectionsFlags) => connections(flags, io))
}

async function connections(flags: ConnectionsFlags, io: Io): Promise<void> {
  const limit = readLimit(flags.limit)
  await runAdminCommand(
    io,
    flags,
    async (ask) => ({ connections: await find(ask, flags, limit) }),
    ({ connections }) => {
      if (connections.length === 0) return 'no connections\n'
      if (connections.length === limit) io.stderr.write(`the first ${limit}; --limit asks for more\n`)
      return connectionsPage(connections, Date.now(), layoutOf(io))
    },
  )
}

/** The gateway does not filter by upstream: all that it gives is looked through for that. */
async function find(ask: Ask, { route, state, upstream }: ConnectionsFlags, limit: number) {
  const query = new URLSearchParams({ limit: String(upstream === undefined ? limit : maxAtOnce) })
  if (route !== undefined) query.set('route', route)
  if (state !== undefined) query.set('state', state)
  const path = `/api/connections?${query}`
  const { connections } = await ask<{ connections: ConnectionInfo[] }>('GET', path, {
    shape: connectionsShape,
  })
  if (upstream === undefined) return connections
  return connections.filter((connection) => connection.upstream === upstream).slice(0, limit)
}

function readLimit(text: string): number {
  const limit = Number(text)
  if (/^\d+$/.test(text) && limit >= 1 && limit <= maxAtOnce) return limit
  throw new Failure(2, `--limit '${text}' is not a whole number from 1 to ${maxAtOnce}`, 'bad_limit')
}
