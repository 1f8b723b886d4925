// What clients saw, as a table that grows row by row.
import { parseReason } from '@holdfast/close-codes'
import type { Colour, painter } from '../output.ts'
import { padEnd } from '../text-width.ts'
import { wrap } from '../wrap.ts'
import type { Scene, Way } from './faults.ts'
import { inWords, type Seen, wasTold } from './observe.ts'

type Paint = ReturnType<typeof painter>

/** The columns of the table for a width, in cells. */
export interface Columns {
  ways: readonly Way[]
  /** Of the title and of each way. */
  widths: readonly number[]
  paint: Paint
}

const gap = 2
/** The longest title, and the least room that titles get. */
const titles = { wanted: 36, least: 19 }
/** `1006 (HTTP 502)` and `nothing for 4 s`; where there is room also `1006 (8 clients, at once)`. */
const others = { wanted: 26, least: 16, from: 150 }
/** `1014 bad gateway: upstream connection lost`, or a third of it. */
const holdfast = { wanted: 42, least: 22 }

const heads: Record<Way, string> = {
  direct: 'directly',
  nginx: 'through nginx',
  holdfast: 'through Holdfast',
}

/** Lays the columns out: where there is no room for all, cells get several lines. */
export function columnsFor(width: number, hasNginx: boolean, paint: Paint): Columns {
  const ways: Way[] = hasNginx ? ['direct', 'nginx', 'holdfast'] : ['direct', 'holdfast']
  const other = width < others.from ? others.least : others.wanted
  const room = width - (ways.length - 1) * other - ways.length * gap
  const title = Math.min(titles.wanted, Math.max(titles.least, room - holdfast.wanted))
  const last = Math.max(holdfast.least, room - title)
  return { ways, widths: [title, ...ways.slice(1).map(() => other), last], paint }
}

export function headRow({ ways, widths, paint }: Columns): string {
  const cells = ['What happens', ...ways.map((way) => heads[way])]
  return row(
    cells.map((text) => ({ text, colour: 'dim' as const })),
    widths,
    paint,
  )
}

/** One row, of as many lines as its longest cell needs. */
export function sceneRow({ title, seen }: Scene, { ways, widths, paint }: Columns): string {
  return row([{ text: title }, ...ways.map((way) => cell(seen[way]))], widths, paint)
}

interface Cell {
  text: string
  colour?: Colour
}

function cell(seen: Seen[] | undefined): Cell {
  if (!seen?.[0]) return { text: '-' }
  const text = seen.length === 1 ? inWords(seen[0]) : together(seen)
  return { text, colour: seen.every(wasTold) ? 'green' : 'red' }
}

/** What several clients saw: one text for all, with the range of what they were told to wait and the time it took. */
export function together(seen: readonly Seen[]): string {
  const parsed = seen.map((one) => ({ ...one, ...parseReason(one.reason) }))
  const texts = new Set(parsed.map(({ text, ...one }) => inWords({ ...one, reason: text })))
  const delays = parsed.flatMap(({ retry }) => (retry === undefined ? [] : [retry]))
  const ms = seen.at(-1)!.at - seen[0]!.at
  const when = ms < 300 ? 'at once' : `over ${(ms / 1000).toFixed(1)} s`
  const retry = delays.length > 0 ? `; retry=${Math.min(...delays)} to ${Math.max(...delays)}` : ''
  return `${[...texts].join(', ')}${retry} (${seen.length} clients, ${when})`
}

function row(cells: Cell[], widths: readonly number[], paint: Paint): string {
  const lines = cells.map(({ text }, i) => wrap(text, widths[i]!))
  const height = Math.max(...lines.map(({ length }) => length))
  return Array.from({ length: height }, (_, y) => {
    const parts = cells.map(({ colour }, x) => {
      const text = lines[x]![y] ?? ''
      const painted = colour && text ? paint(colour, text) : text
      return x === cells.length - 1 ? painted : painted + padEnd('', widths[x]! - text.length + gap)
    })
    return `${parts.join('').trimEnd()}\n`
  }).join('')
}
