// Tables on a terminal: aligned columns, as wide as there is room.
import { type Colour, type Io, painter, printable } from './output.ts'
import { graphemes, textWidth } from './text-width.ts'

/** One cell: its text, and perhaps a colour. */
export type Cell = string | number | { text: string; colour: Colour }

/** A column's title; without more it is text that is always shown whole. */
export interface Column {
  title: string
  /** Aligned to the right. */
  right?: boolean
  /** Where its text may be shortened when there is no room. */
  cut?: 'middle' | 'end'
  /** Left out when shortening does not help; of several the last goes first. */
  spare?: boolean
}

/** Where a table is put: colours, and cells in a line. */
export interface TableLayout {
  paint: ReturnType<typeof painter>
  width: number
}

const gap = 2
/** Cells that a shortened column keeps. */
const minWidth = 8

/** As wide as the terminal; where there is none nothing is cut, for it may be searched. */
export function layoutOf(io: Io): TableLayout {
  const { isTTY, columns } = io.stdout
  const width = isTTY ? columns || Number(io.env.COLUMNS) || 80 : Number.POSITIVE_INFINITY
  return { width, paint: painter(io) }
}

/** Lines of aligned columns, two spaces apart. */
export function table(
  columns: readonly Column[],
  rows: readonly Cell[][],
  { paint, width }: TableLayout,
): string {
  const titles = columns.map(({ title }) => ({ text: title, colour: 'dim' as const }))
  const cells = [titles, ...rows.map((row) => row.map(toCell))]
  const natural = columns.map((_, i) => Math.max(...cells.map((row) => textWidth(row[i]?.text ?? ''))))
  const shown = choose(columns, natural, width)
  const widths = shrink(columns, natural, shown, width)
  const line = (row: { text: string; colour?: Colour }[]) =>
    shown
      .map((i) => fit(row[i] ?? { text: '' }, columns[i]!, widths[i]!, paint))
      .join(' '.repeat(gap))
      .trimEnd()
  return cells.map((row) => `${line(row)}\n`).join('')
}

/** The columns that there is room for, when each is as narrow as it may be. */
function choose(columns: readonly Column[], natural: readonly number[], width: number): number[] {
  const shown = columns.map((_, i) => i)
  const narrow = (i: number) => Math.min(natural[i]!, floorOf(columns[i]!, natural[i]!))
  while (total(shown.map(narrow)) > width) {
    const spare = shown.findLastIndex((i) => columns[i]!.spare)
    if (spare < 0) break
    shown.splice(spare, 1)
  }
  return shown
}

/** Takes from the widest column that may be shortened until the line fits. */
function shrink(
  columns: readonly Column[],
  natural: readonly number[],
  shown: readonly number[],
  width: number,
): number[] {
  const widths = [...natural]
  const over = () => total(shown.map((i) => widths[i]!)) > width
  while (over()) {
    const able = shown.filter((i) => widths[i]! > floorOf(columns[i]!, natural[i]!))
    if (able.length === 0) break
    const widest = able.reduce((a, b) => (widths[b]! > widths[a]! ? b : a))
    widths[widest]!--
  }
  return widths
}

function floorOf({ title, cut }: Column, natural: number): number {
  return cut ? Math.max(title.length, minWidth) : natural
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1)
}

function fit(
  { text, colour }: { text: string; colour?: Colour },
  { right, cut }: Column,
  width: number,
  paint: TableLayout['paint'],
): string {
  const short = cut ? shorten(text, width, cut) : text
  const space = ' '.repeat(Math.max(0, width - textWidth(short)))
  const painted = colour ? paint(colour, short) : short
  return right ? space + painted : painted + space
}

/** A text of at most `width` cells, with … for what is missing. */
export function shorten(text: string, width: number, where: 'middle' | 'end'): string {
  if (textWidth(text) <= width) return text
  const all = graphemes(text)
  const tail = where === 'middle' ? taken([...all].reverse(), Math.floor((width - 1) / 2)).reverse() : []
  const end = tail.join('')
  return `${taken(all, width - 1 - textWidth(end)).join('')}…${end}`
}

/** As many from the start as fit into `width` cells. */
function taken(all: readonly string[], width: number): string[] {
  let room = width
  const end = all.findIndex((grapheme) => {
    room -= textWidth(grapheme)
    return room < 0
  })
  return all.slice(0, end < 0 ? all.length : end)
}

function toCell(cell: Cell): { text: string; colour?: Colour } {
  if (typeof cell === 'object') return { ...cell, text: printable(cell.text) }
  return { text: typeof cell === 'number' ? formatCount(cell) : printable(cell) }
}

const grouped = new Intl.NumberFormat('en-US')

/** `9999`, `12,345`: grouped where it is hard to read else. */
function formatCount(count: number): string {
  return count < 10_000 ? String(count) : grouped.format(count)
}

/** Of a rate: `0`, `<0.1`, `0.3`, `12`, `12,345`. */
export function formatRate(perSecond: number): string {
  if (perSecond === 0) return '0'
  if (perSecond < 0.1) return '<0.1'
  return perSecond < 9.95 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond))
}
