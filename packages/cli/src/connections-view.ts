// What `holdfast connections` shows. Pure.
import type { ConnectionInfo } from '@holdfast/gateway'
import { formatBytes, formatDuration } from './output.ts'
import { type Cell, type Column, type TableLayout, table } from './table.ts'

const right = true
const spare = true

const columns: Column[] = [
  { title: 'ID' },
  { title: 'ROUTE', cut: 'end' },
  { title: 'STATE' },
  { title: 'CLIENT', cut: 'end' },
  { title: 'UPSTREAM', cut: 'middle' },
  { title: 'OPEN FOR' },
  { title: 'MESSAGES UP', right },
  { title: 'DOWN', right },
  { title: 'BYTES', right, spare },
  { title: 'RE-ATTACHED', right, spare },
  { title: 'RESTORED BY', spare },
  { title: 'SUBPROTOCOL', cut: 'end', spare },
]

/** The connections as a table. */
export function connectionsPage(
  connections: readonly ConnectionInfo[],
  now: number,
  layout: TableLayout,
): string {
  const rows = connections.map(
    ({
      id,
      route,
      upstream,
      address,
      state,
      reattached,
      restoredBy,
      openedAt,
      messages,
      bytes,
      protocol,
    }): Cell[] => [
      id,
      route,
      state === 'open' ? state : { text: state, colour: 'yellow' },
      address,
      upstream || '-',
      formatDuration(Math.max(0, now - openedAt)),
      messages['to-upstream'],
      messages['to-client'],
      formatBytes(bytes['to-upstream'] + bytes['to-client']),
      reattached,
      restoredBy ?? '-',
      protocol ?? '-',
    ],
  )
  return table(columns, rows, layout)
}
