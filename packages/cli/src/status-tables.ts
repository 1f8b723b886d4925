// The tables of `holdfast status`: one row for each route, upstream, and what else there are several of. Processes: process-tables.ts.

import { closeCode } from '@holdfast/close-codes'
import { type GatewayState, upstreamState } from '@holdfast/gateway'
import { formatBytes, printable } from './output.ts'
import type { Rates } from './status-rates.ts'
import { type Cell, type Column, formatRate, type TableLayout, table } from './table.ts'

type RouteInfo = GatewayState['routes'][number]

type UpstreamState = NonNullable<RouteInfo['upstreams'][number]['state']>

export const right = true

export const spare = true

const yellowAbove0 = (count: number): Cell =>
  count > 0 ? { text: String(count), colour: 'yellow' } : String(count)

export function routes({ routes }: GatewayState, rates: Rates, layout: TableLayout): string {
  // Most of the time nobody waits.
  const someWait = routes.some(({ waiting = 0 }) => waiting > 0)
  const columns: Column[] = [
    { title: 'ROUTE', cut: 'end' },
    { title: 'OPEN', right },
    { title: 'HELD', right },
    ...(someWait ? [{ title: 'WAITING', right }] : []),
    { title: 'CLOSING', right },
    { title: 'OPENED/S', right },
    { title: 'CLOSED/S', right },
    { title: 'MESSAGES/S UP', right },
    { title: 'DOWN', right },
    { title: 'BYTES/S', right, spare },
    { title: 'OPENED', right, spare },
  ]
  const rows = routes.map(({ name, connections, waiting = 0, counters, drained, removed }): Cell[] => {
    const rate = rates.get(name)
    const perSecond = (value: number | undefined) => (value === undefined ? '-' : formatRate(value))
    return [
      removed ? `${name} (removed)` : drained ? { text: `${name} (drained)`, colour: 'yellow' } : name,
      connections.open,
      yellowAbove0(connections.held),
      ...(someWait ? [yellowAbove0(waiting)] : []),
      connections.closing,
      perSecond(rate?.accepted),
      perSecond(rate?.closed),
      perSecond(rate?.toUpstream),
      perSecond(rate?.toClient),
      rate ? formatBytes(Math.round(rate.bytes)) : '-',
      counters.handshakes.accepted ?? 0,
    ]
  })
  return table(columns, rows, layout)
}

export function upstreams({ routes }: GatewayState, layout: TableLayout): string {
  const rows = routes.flatMap(({ name: route, upstreams }) =>
    upstreams.map((upstream): Cell[] => {
      const { name, address, connections, lastError } = upstream
      return [
        route,
        name.includes(address) ? name : `${name} at ${address}`,
        stateCell(upstreamState(upstream)),
        connections,
        lastError ?? '-',
      ]
    }),
  )
  const columns: Column[] = [
    { title: 'ROUTE', cut: 'end' },
    { title: 'UPSTREAM', cut: 'middle' },
    { title: 'HEALTH' },
    { title: 'CONNECTIONS', right },
    { title: 'LAST ERROR', cut: 'end' },
  ]
  return table(columns, rows, layout)
}

function stateCell(state: UpstreamState): Cell {
  switch (state) {
    case 'healthy':
      return { text: state, colour: 'green' }
    case 'unhealthy':
      return { text: state, colour: 'red' }
    case 'failing':
      return { text: 'failing (not probed)', colour: 'red' }
    case 'drained':
      return { text: state, colour: 'yellow' }
    default:
      return printable(state)
  }
}

/** Of routes that have held a connection, or lost a message. */
export function holds({ routes }: GatewayState, layout: TableLayout): string {
  const rows = routes.filter(hasHeld).map(({ name, connections, counters }): Cell[] => {
    const { reattachments, lost } = counters
    const { attached = 0, refused = 0, abandoned = 0, ended = 0 } = reattachments
    return [
      name,
      connections.held,
      attached,
      yellowAbove0(reattachments['too-late'] ?? 0),
      yellowAbove0(reattachments['not-restored'] ?? 0),
      yellowAbove0(reattachments['lost-again'] ?? 0),
      yellowAbove0(refused),
      abandoned,
      ended,
      yellowAbove0(lost['to-upstream']),
      yellowAbove0(lost['to-client']),
    ]
  })
  const columns: Column[] = [
    { title: 'HOLDS OF', cut: 'end' },
    { title: 'HELD NOW', right },
    { title: 'RE-ATTACHED', right },
    { title: 'TOO LATE', right },
    { title: 'NOT RESTORED', right },
    { title: 'LOST AGAIN', right, spare },
    { title: 'REFUSED', right, spare },
    { title: 'CLIENT LEFT', right, spare },
    { title: 'ENDED', right, spare },
    { title: 'LOST MESSAGES UP', right },
    { title: 'DOWN', right },
  ]
  return rows.length > 0 ? table(columns, rows, layout) : ''
}

function hasHeld({ connections, counters: { reattachments, lost } }: RouteInfo): boolean {
  const counts = [connections.held, ...Object.values(reattachments), ...Object.values(lost)]
  return counts.some((count) => count > 0)
}

/** Of routes whose clients resume (PROTOCOL.md). */
export function sessions({ routes }: GatewayState, layout: TableLayout): string {
  const rows = routes.flatMap(({ name, sessions, counters }): Cell[][] => {
    if (!sessions) return []
    const { resumed = 0, expired = 0, evicted = 0, refused = 0, unknown = 0 } = counters.sessions ?? {}
    return [
      [
        name,
        sessions.connected,
        yellowAbove0(sessions.parked),
        formatBytes(sessions.parkedBytes),
        resumed,
        yellowAbove0(expired),
        yellowAbove0(evicted),
        refused,
        unknown,
      ],
    ]
  })
  const columns: Column[] = [
    { title: 'SESSIONS OF', cut: 'end' },
    { title: 'CONNECTED', right },
    { title: 'PARKED', right },
    { title: 'KEPT FOR THEM', right },
    { title: 'RESUMED', right },
    { title: 'EXPIRED', right },
    { title: 'EVICTED', right },
    { title: 'REFUSED', right, spare },
    { title: 'UNKNOWN', right, spare },
  ]
  return rows.length > 0 ? table(columns, rows, layout) : ''
}

export function closes({ routes }: GatewayState, rates: Rates, layout: TableLayout): string {
  const rows = routes.flatMap(({ name, counters }) =>
    Object.entries(counters.closes)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([key, count]): Cell[] => {
        const [code = '', by = ''] = key.split(':')
        const rate = rates.get(name)?.closes[key]
        return [name, code, codeName(code), by, count, rate === undefined ? '-' : formatRate(rate)]
      }),
  )
  const columns: Column[] = [
    { title: 'ROUTE', cut: 'end' },
    { title: 'CLOSE CODE' },
    { title: 'NAME', cut: 'end', spare },
    { title: 'BY' },
    { title: 'COUNT', right },
    { title: 'PER SECOND', right },
  ]
  return rows.length > 0 ? table(columns, rows, layout) : ''
}

function codeName(code: string): string {
  return closeCode(Number(code))?.name ?? (code.startsWith('4') ? 'of the application' : 'not registered')
}

export function drains({ drains }: GatewayState, layout: TableLayout): string {
  const rows = drains.map(({ scope, total, closed, moved, cut, done }): Cell[] => [
    scope,
    total,
    closed,
    moved,
    yellowAbove0(cut),
    done ? 'done' : { text: 'running', colour: 'yellow' },
  ])
  const columns: Column[] = [
    { title: 'DRAIN OF', cut: 'end' },
    { title: 'CONNECTIONS', right },
    { title: 'CLOSED', right },
    { title: 'MOVED', right },
    { title: 'CUT', right },
    { title: 'STATE' },
  ]
  return rows.length > 0 ? table(columns, rows, layout) : ''
}
