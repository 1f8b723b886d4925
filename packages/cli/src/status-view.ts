// What `holdfast status` shows: the page of the admin port, for a terminal. Pure.
import { type GatewayState, withoutUpstream } from '@holdfast/gateway'
import { formatDuration, printable } from './output.ts'
import { carriers, fronts, workers } from './process-tables.ts'
import type { Rates } from './status-rates.ts'
import { closes, drains, holds, right, routes, sessions, spare, upstreams } from './status-tables.ts'
import { type Cell, type Column, type TableLayout, table } from './table.ts'

type AcmeInfo = NonNullable<GatewayState['acme']>[number]

type CertificateInfo = NonNullable<GatewayState['certificates']>[number]

type FleetInfo = NonNullable<GatewayState['fleet']>

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
    fronts(state, layout),
    drains(state, layout),
    state.upgrade ? upgrade(state.upgrade, state.startedAt + state.uptime, layout) : '',
  ]
  return parts.filter((part) => part !== '').join('\n')
}

function head(
  { version, phase, uptime, pid, listen, admin, fleet }: GatewayState,
  { paint }: TableLayout,
): string {
  const painted = paint(phase === 'serving' ? 'green' : 'yellow', phase)
  const title = `${paint('bold', `holdfast ${printable(version)}`)}  ${painted}  up ${formatDuration(uptime)}`
  const where = `listening on ${listen.join(', ') || 'nothing'}`
  const nodes = fleet?.members.length ?? 0
  const others = fleet ? `  fleet ${printable(fleet.name)}: ${nodes} ${nodes === 1 ? 'node' : 'nodes'}` : ''
  return `${title}\n${where}${admin ? `  admin ${admin}` : ''}  pid ${pid}${others}\n`
}

/** `holdfast status --fleet`: the store, and the gateways that share it. */
export function fleetPage(state: GatewayState, layout: TableLayout): string {
  const { fleet } = state
  if (!fleet) return 'this gateway is alone: its configuration has no fleet\n'
  const { name, store, members, shedding } = fleet
  const { paint } = layout
  const since = ` for ${formatDuration(store.forMs)}`
  const title = `${paint('bold', `fleet ${printable(name)}`)}  store ${printable(store.address)}`
  const is =
    store.state === 'present'
      ? paint('green', `there${since}`)
      : paint('red', `${printable(store.state)}${since}`)
  const rows = members.map((member): Cell[] => [
    member.self ? `${member.host} (this)` : member.host,
    member.id,
    phaseCell(member, shedding),
    member.version,
    member.generation,
    member.connections,
    member.moves?.takenOver ?? '-',
    member.moves?.received ?? '-',
    member.moves?.given ?? '-',
    notGivenCell(member),
    member.listen ?? '-',
  ])
  const columns: Column[] = [
    { title: 'NODE', cut: 'end' },
    { title: 'ID' },
    { title: 'STATE' },
    { title: 'VERSION', cut: 'end' },
    { title: 'GENERATION', right },
    { title: 'CONNECTIONS', right },
    { title: 'TAKEN OVER', right, spare },
    { title: 'RECEIVED', right, spare },
    { title: 'GIVEN', right, spare },
    { title: 'NOT GIVEN', right, spare },
    { title: 'ADDRESS', spare },
  ]
  return `${title} ${is}\n${storeTrouble(fleet, paint)}\n${table(columns, rows, layout)}`
}

/** Their clients were told, or go on where they are. */
function notGivenCell({ moves }: FleetInfo['members'][number]): Cell {
  const count = moves?.notGiven ?? '-'
  return moves && moves.notGiven > 0 ? { text: String(count), colour: 'yellow' } : count
}

function phaseCell({ id, phase }: FleetInfo['members'][number], shedding: string | undefined): Cell {
  if (phase === 'serving') return { text: phase, colour: 'green' }
  return { text: phase === 'draining' && id !== shedding ? 'draining (waits)' : phase, colour: 'yellow' }
}

/** What is not as it should be with the store, one line each. */
function storeTrouble({ store, members }: FleetInfo, paint: TableLayout['paint']): string {
  const lines: string[] = []
  if (store.state === 'away') {
    const heard = members.length > 1 ? '; the nodes below are those of before' : ''
    lines.push(paint('red', printable(`${store.error}: this gateway goes on by itself${heard}`)))
  }
  if (store.policy && store.policy !== 'noeviction')
    lines.push(
      paint(
        'yellow',
        printable(`maxmemory-policy is ${store.policy}: it forgets keys when its memory is full`),
      ),
    )
  return lines.map((line) => `${line}\n`).join('')
}

/** What an operator has to know first: routes without an upstream, and what becomes of their clients. */
function alarms(
  { routes, unrouted, certificates = [], acme = [], fleet, startedAt, uptime }: GatewayState,
  { paint }: TableLayout,
): string {
  const lines = routes.flatMap((route) => {
    const words = withoutUpstream(route)
    return words === undefined ? [] : [paint('red', printable(words))]
  })
  for (const name of acme) {
    const words = notObtained(name, startedAt + uptime)
    if (words !== undefined)
      lines.push(paint(name.expiresAt === undefined ? 'red' : 'yellow', printable(words)))
  }
  const byItself = new Set(acme.map(({ name }) => name))
  for (const certificate of certificates.filter(
    ({ expiresSoon, names }) => expiresSoon && !names.some((name) => byItself.has(name)),
  ))
    lines.push(paint(certificate.leftMs < 0 ? 'red' : 'yellow', printable(expiring(certificate))))
  if (fleet?.store.state === 'away')
    lines.push(
      paint(
        'red',
        printable(
          `the store of fleet ${fleet.name} is away, this gateway goes on by itself: ${fleet.store.error}`,
        ),
      ),
    )
  const missed = (unrouted?.handshakes ?? 0) + (unrouted?.requests ?? 0)
  if (missed > 0)
    lines.push(
      `${missed} ${missed === 1 ? 'request has' : 'requests have'} no route: the log names one a minute`,
    )
  return lines.map((line) => `${line}\n`).join('')
}

/** `no certificate for a.test yet: WORDS; next order in 5 min`; nothing while all is as it should be. */
function notObtained(
  { name, expiresAt, failures, error, orderAt }: AcmeInfo,
  now: number,
): string | undefined {
  if (expiresAt !== undefined && failures === 0) return undefined
  const left = (expiresAt ?? 0) - now
  const what =
    expiresAt === undefined
      ? `no certificate for ${name} yet`
      : `the certificate for ${name}, which ${left < 0 ? 'has expired' : `expires in ${formatDuration(left)}`}, was not renewed`
  const then = orderAt > now ? `next order in ${formatDuration(orderAt - now)}` : 'it is being ordered'
  return `${what}${error === undefined ? '' : `: ${error}`}; ${then}`
}

/** `the certificate of a.test and 2 other names on 0.0.0.0:443 expires in 3 d: renew it, and reload` */
function expiring({ names, listener, leftMs }: CertificateInfo): string {
  const more = names.length - 1
  const others = more > 0 ? ` and ${more} other ${more === 1 ? 'name' : 'names'}` : ''
  const whose = names.length > 0 ? ` of ${names[0]}${others}` : ' without a name'
  const when = leftMs < 0 ? 'has expired' : `expires in ${formatDuration(leftMs)}`
  return `the certificate${whose} on ${listener} ${when}: renew it, and reload`
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
