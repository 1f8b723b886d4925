import type { GatewayState } from '@holdfast/gateway'
import type { Command } from 'commander'
import { type AdminFlags, runAdminCommand } from '../admin-client.ts'
import { type Cell, formatBytes, formatDuration, type Io, painter, table } from '../output.ts'
import { withAdminFlags } from './admin-flags.ts'

export function registerStatus(program: Command, io: Io): void {
  const command = program
    .command('status')
    .summary('show what a running gateway does')
    .description('Show workers, routes, upstreams with their health, connections, and closes by code.')
  withAdminFlags(command).action((flags: AdminFlags) =>
    runAdminCommand(
      io,
      flags,
      (ask) => ask<GatewayState>('GET', '/api/state'),
      (state) => showState(state, painter(io)),
    ),
  )
}

type Paint = ReturnType<typeof painter>

/** The state for people. */
export function showState(state: GatewayState, paint: Paint): string {
  const phase = paint(state.phase === 'serving' ? 'green' : 'yellow', state.phase)
  const title = `${paint('bold', `holdfast ${state.version}`)}  ${phase}  up ${formatDuration(state.uptime)}`
  const where = [`listening on ${state.listen.join(', ') || 'nothing'}`, `pid ${state.pid}`]
  const parts = [
    `${title}\n${where.join('  ')}\n`,
    workers(state, paint),
    routes(state, paint),
    upstreams(state, paint),
    closes(state, paint),
    drains(state, paint),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function workers({ workers, workerRestarts, startedAt, uptime }: GatewayState, paint: Paint): string {
  const now = startedAt + uptime
  const rows = workers.map(({ id, pid, state, startedAt, connections, process }): Cell[] => [
    String(id),
    pid,
    state === 'ready' ? state : { text: state, colour: 'yellow' },
    formatDuration(now - startedAt),
    connections,
    process ? formatBytes(process.memory) : '-',
  ])
  const lines = table(paint, ['WORKER', 'PID', 'STATE', 'UP', 'CONNECTIONS', 'MEMORY'], rows)
  return workerRestarts > 0 ? `${lines}${workerRestarts} restarted since the start\n` : lines
}

function routes({ routes }: GatewayState, paint: Paint): string {
  const rows = routes.map(({ name, connections, counters }): Cell[] => [
    name,
    connections.open,
    connections.closing,
    counters.handshakes.accepted ?? 0,
    counters.messages['to-upstream'],
    counters.messages['to-client'],
  ])
  return table(paint, ['ROUTE', 'OPEN', 'CLOSING', 'ACCEPTED', 'MESSAGES TO UPSTREAM', 'TO CLIENT'], rows)
}

function upstreams({ routes }: GatewayState, paint: Paint): string {
  const rows = routes.flatMap(({ name: route, upstreams }) =>
    upstreams.map(({ name, address, healthy, connections, lastError }): Cell[] => [
      route,
      name.includes(address) ? name : `${name} at ${address}`,
      healthy ? { text: 'healthy', colour: 'green' } : { text: 'unhealthy', colour: 'red' },
      connections,
      lastError ?? '-',
    ]),
  )
  return table(paint, ['ROUTE', 'UPSTREAM', 'HEALTH', 'CONNECTIONS', 'LAST ERROR'], rows)
}

function closes({ routes }: GatewayState, paint: Paint): string {
  const rows = routes.flatMap(({ name, counters }) =>
    Object.entries(counters.closes)
      .map(([key, count]) => ({ key, count }))
      .sort((a, b) => a.key.localeCompare(b.key))
      .map(({ key, count }): Cell[] => [name, key.split(':')[0]!, key.split(':')[1]!, count]),
  )
  return rows.length > 0 ? table(paint, ['ROUTE', 'CLOSE CODE', 'BY', 'COUNT'], rows) : ''
}

function drains({ drains }: GatewayState, paint: Paint): string {
  const rows = drains.map(({ scope, total, closed, cut, done }): Cell[] => [
    scope,
    total,
    closed,
    cut,
    done ? 'done' : { text: 'running', colour: 'yellow' },
  ])
  return rows.length > 0 ? table(paint, ['DRAIN OF', 'CONNECTIONS', 'CLOSED', 'CUT', 'STATE'], rows) : ''
}
