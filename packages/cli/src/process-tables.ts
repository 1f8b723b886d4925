// The tables of `holdfast status` about processes: one row for each worker, carrier and front.

import type { GatewayState } from '@holdfast/gateway'
import { formatBytes, formatDuration } from './output.ts'
import { right, spare } from './status-tables.ts'
import { type Cell, type Column, type TableLayout, table } from './table.ts'

export function workers(
  { workers, workerRestarts, startedAt, uptime }: GatewayState,
  layout: TableLayout,
): string {
  const now = startedAt + uptime
  const rows = workers.map(
    ({ id, pid, state, generation, version, startedAt, connections, process }): Cell[] => [
      id,
      String(pid),
      state === 'ready' ? state : { text: state, colour: 'yellow' },
      generation,
      version || '-',
      formatDuration(Math.max(0, now - startedAt)),
      connections,
      process ? formatBytes(process.memory) : '-',
    ],
  )
  const columns: Column[] = [
    { title: 'WORKER', right },
    { title: 'PID', right },
    { title: 'STATE' },
    { title: 'GENERATION', right },
    { title: 'VERSION', cut: 'end' },
    { title: 'UP' },
    { title: 'CONNECTIONS', right },
    { title: 'MEMORY', right, spare },
  ]
  const lines = table(columns, rows, layout)
  return workerRestarts > 0 ? `${lines}${workerRestarts} restarted since the start\n` : lines
}

/** Workers that an upgrade has replaced, and that keep what cannot move. */
export function carriers({ carriers = [], startedAt, uptime }: GatewayState, layout: TableLayout): string {
  const now = startedAt + uptime
  const rows = carriers.map(
    ({ id, pid, generation, version, node, since, connections, memory, draining }): Cell[] => [
      id,
      String(pid),
      draining ? { text: 'drained', colour: 'yellow' } : 'carries',
      generation,
      version,
      node ?? '-',
      formatDuration(Math.max(0, now - since)),
      connections,
      formatBytes(memory),
    ],
  )
  const columns: Column[] = [
    { title: 'CARRIER', right },
    { title: 'PID', right },
    { title: 'STATE' },
    { title: 'GENERATION', right },
    { title: 'VERSION', cut: 'end' },
    { title: 'NODE', spare },
    { title: 'FOR' },
    { title: 'CONNECTIONS', right },
    { title: 'MEMORY', right, spare },
  ]
  return rows.length > 0 ? table(columns, rows, layout) : ''
}

/** Processes that do TLS. */
export function fronts(
  { fronts = [], frontRestarts = 0, startedAt, uptime }: GatewayState,
  layout: TableLayout,
): string {
  const now = startedAt + uptime
  const rows = fronts.map((front): Cell[] => [
    front.id,
    String(front.pid),
    front.state === 'ready' ? front.state : { text: front.state, colour: 'yellow' },
    front.generation,
    front.version,
    front.node ?? '-',
    formatDuration(Math.max(0, now - front.startedAt)),
    front.connections,
    formatBytes(front.memory),
  ])
  const columns: Column[] = [
    { title: 'FRONT', right },
    { title: 'PID', right },
    { title: 'STATE' },
    { title: 'GENERATION', right },
    { title: 'VERSION', cut: 'end' },
    { title: 'NODE', spare },
    { title: 'UP' },
    { title: 'CONNECTIONS', right },
    { title: 'MEMORY', right, spare },
  ]
  if (rows.length === 0) return ''
  const lines = table(columns, rows, layout)
  return frontRestarts > 0 ? `${lines}${frontRestarts} restarted since the start\n` : lines
}
