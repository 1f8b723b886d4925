// What `holdfast status` shows: the page of the admin port, for a terminal. Pure.
import { closeCode } from '@holdfast/close-codes'
import { type GatewayState, upstreamState, withoutUpstream } from '@holdfast/gateway'
import { formatBytes, formatDuration, printable } from './output.ts'
import type { Rates } from './status-rates.ts'
import { type Cell, type Column, formatRate, type TableLayout, table } from './table.ts'

type RouteInfo = GatewayState['routes'][number]
type UpstreamState = NonNullable<RouteInfo['upstreams'][number]['state']>
type CertificateInfo = NonNullable<GatewayState['certificates']>[number]
type UpgradeInfo = NonNullable<GatewayState['upgrade']>

/** The state for people; rates are left out where they are not known. */
export function statusPage(state: GatewayState, rates: Rates, layout: TableLayout): string {
  const parts = [
    head(state, layout),
    alarms(state, layout),
    routes(state, rates, layout),
    upstreams(state, layout),
    holds(state, layout),
    sessions(state, layout),
    closes(state, rates, layout),
    workers(state, layout),
    carriers(state, layout),
    drains(state, layout),
    state.upgrade ? upgrade(state.upgrade, state.startedAt + state.uptime, layout) : '',
  ]
  return parts.filter((part) => part !== '').join('\n')
}

const right = true
const spare = true
const yellowAbove0 = (count: number): Cell =>
  count > 0 ? { text: String(count), colour: 'yellow' } : String(count)

function head({ version, phase, uptime, pid, listen, admin }: GatewayState, { paint }: TableLayout): string {
  const painted = paint(phase === 'serving' ? 'green' : 'yellow', phase)
  const title = `${paint('bold', `holdfast ${printable(version)}`)}  ${painted}  up ${formatDuration(uptime)}`
  const where = `listening on ${listen.join(', ') || 'nothing'}`
  return `${title}\n${where}${admin ? `  admin ${admin}` : ''}  pid ${pid}\n`
}

/** What an operator has to know first: routes without an upstream, and what becomes of their clients. */
function alarms({ routes, unrouted, certificates = [] }: GatewayState, { paint }: TableLayout): string {
  const lines = routes.flatMap((route) => {
    const words = withoutUpstream(route)
    return words === undefined ? [] : [paint('red', printable(words))]
  })
  for (const certificate of certificates.filter(({ expiresSoon }) => expiresSoon))
    lines.push(paint(certificate.leftMs < 0 ? 'red' : 'yellow', printable(expiring(certificate))))
  const missed = (unrouted?.handshakes ?? 0) + (unrouted?.requests ?? 0)
  if (missed > 0)
    lines.push(
      `${missed} ${missed === 1 ? 'request has' : 'requests have'} no route: the log names one a minute`,
    )
  return lines.map((line) => `${line}\n`).join('')
}

/** `the certificate of a.test and 2 other names on 0.0.0.0:443 expires in 3 d: renew it, and reload` */
function expiring({ names, listener, leftMs }: CertificateInfo): string {
  const more = names.length - 1
  const others = more > 0 ? ` and ${more} other ${more === 1 ? 'name' : 'names'}` : ''
  const whose = names.length > 0 ? ` of ${names[0]}${others}` : ' without a name'
  const when = leftMs < 0 ? 'has expired' : `expires in ${formatDuration(leftMs)}`
  return `the certificate${whose} on ${listener} ${when}: renew it, and reload`
}

function routes({ routes }: GatewayState, rates: Rates, layout: TableLayout): string {
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

function upstreams({ routes }: GatewayState, layout: TableLayout): string {
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
function holds({ routes }: GatewayState, layout: TableLayout): string {
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
function sessions({ routes }: GatewayState, layout: TableLayout): string {
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

function closes({ routes }: GatewayState, rates: Rates, layout: TableLayout): string {
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

function workers({ workers, workerRestarts, startedAt, uptime }: GatewayState, layout: TableLayout): string {
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
function carriers({ carriers = [], startedAt, uptime }: GatewayState, layout: TableLayout): string {
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

function drains({ drains }: GatewayState, layout: TableLayout): string {
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

/** The last upgrade, as one sentence. */
function upgrade(info: UpgradeInfo, now: number, { paint }: TableLayout): string {
  const { phase, from, to, total, moved, ended, lost = 0, ms, error, startedAt } = info
  const versions = to === undefined || to === from ? `upgrade of ${from}` : `upgrade from ${from} to ${to}`
  const ago = `${formatDuration(Math.max(0, now - startedAt))} ago`
  const what = (): string => {
    switch (phase) {
      case 'starting':
        return paint('yellow', 'new workers are starting')
      case 'moving':
        return `${paint('yellow', 'moving')}: ${moved} of ${total} connections moved, ${ended} ended`
      case 'done': {
        const took = ms === undefined ? '' : ` in ${(ms / 1000).toFixed(1)} s`
        const cut = lost > 0 ? `, ${paint('red', `${lost} lost`)}` : ''
        return `${paint('green', 'done')} ${ago}: ${moved} of ${total} connections moved${took}, ${ended} ended${cut}`
      }
      case 'failed':
        return `${paint('red', 'failed')} ${ago}, the old workers go on: ${printable(error ?? 'reason not known')}`
    }
  }
  return `${printable(versions)}  ${what()}\n`
}
