// Puts words on a terminal: headings, paragraphs, labels with what they stand before, and lists, all wrapped.
import { type Colour, type Io, painter } from './output.ts'
import { padEnd, textWidth } from './text-width.ts'
import { wrap } from './wrap.ts'

/** A label and what it stands before. */
export interface Field {
  label: string
  text: string
  colour?: Colour
}

/** An entry of a catalogue: two columns and a remark on the first line, a text below. */
export interface Entry {
  label: string
  name: string
  aside: { text: string; colour: Colour }
  text: string
}

/** A part of a page. A heading stands directly above what follows, other parts have an empty line between. */
export type Block =
  | { is: 'title'; text: string; aside?: { text: string; colour: Colour } }
  | { is: 'heading'; text: string }
  | { is: 'paragraph'; text: string }
  | { is: 'lines'; lines: readonly string[] }
  | { is: 'fields'; fields: readonly Field[] }
  | { is: 'entries'; entries: readonly Entry[] }
  | { is: 'items'; items: readonly string[] }
  | { is: 'steps'; items: readonly string[] }

/** Where a page is put: its width in cells, and colours. */
export interface Sheet {
  width: number
  paint: ReturnType<typeof painter>
}

const indent = 2
const gap = 2

/** Longer lines than this are hard to read, however wide the terminal. */
const widest = 100
const narrowest = 20

/** The sheet for a command: as wide as the terminal, or as `COLUMNS` says, or 80. */
export function sheetOf(io: Io): Sheet {
  const { columns } = io.stdout
  const wanted = columns || Number(io.env.COLUMNS) || 80
  return { width: Math.min(widest, Math.max(narrowest, wanted)), paint: painter(io) }
}

/** Lays a page out. */
export function layOut(blocks: readonly Block[], sheet: Sheet): string {
  return blocks
    .map((block, i) => {
      const between = i === 0 || blocks[i - 1]?.is === 'heading' ? '' : '\n'
      return between + lines(block, sheet).join('\n')
    })
    .map((part) => `${part}\n`)
    .join('')
}

function lines(block: Block, { width, paint }: Sheet): string[] {
  switch (block.is) {
    case 'title':
      return title(block, { width, paint })
    case 'heading':
      return wrap(block.text, width).map((line) => paint('bold', line))
    case 'paragraph':
      return hanging('', block.text, indent, width)
    case 'lines':
      return block.lines.flatMap((line) => hanging('', line, indent, width))
    case 'entries':
      return entries(block.entries, { width, paint })
    case 'fields':
      return fields(block.fields, { width, paint })
    case 'items':
      return block.items.flatMap((item) => hanging('- ', item, indent, width))
    case 'steps':
      return block.items.flatMap((item, i) => hanging(`${i + 1}. `, item, indent, width))
  }
}

function title({ text, aside }: Extract<Block, { is: 'title' }>, { width, paint }: Sheet): string[] {
  const lines = wrap(text, width).map((line) => paint('bold', line))
  if (!aside) return lines
  const painted = paint(aside.colour, aside.text)
  const fits = textWidth(text) + gap + textWidth(aside.text) <= width
  return fits ? [`${lines[0]}${' '.repeat(gap)}${painted}`] : [...lines, `${' '.repeat(indent)}${painted}`]
}

/** Text behind a mark, its further lines aligned with the first. */
function hanging(mark: string, text: string, before: number, width: number): string[] {
  const room = width - before - textWidth(mark)
  return wrap(text, room).map((line, i) => {
    const lead = i === 0 ? mark : ' '.repeat(textWidth(mark))
    return ' '.repeat(before) + lead + line
  })
}

/** Labels in one column and texts in another; where that leaves the texts no room, below each other. */
function fields(all: readonly Field[], { width, paint }: Sheet): string[] {
  const labels = Math.max(...all.map(({ label }) => textWidth(label)))
  const column = indent + labels + gap
  const beside = column <= width / 2
  return all.flatMap(({ label, text, colour }) => {
    const body = wrap(text, width - (beside ? column : 2 * indent))
    const painted = body.map((line) => (colour ? paint(colour, line) : line))
    const margin = ' '.repeat(indent)
    if (!beside) return [margin + label, ...painted.map((line) => margin + margin + line)]
    return painted.map(
      (line, i) => (i === 0 ? margin + padEnd(label, labels + gap) : ' '.repeat(column)) + line,
    )
  })
}

function entries(all: readonly Entry[], { width, paint }: Sheet): string[] {
  const labels = Math.max(...all.map(({ label }) => textWidth(label)))
  const names = Math.max(...all.map(({ name }) => textWidth(name)))
  const column = indent + labels + gap
  const asides = Math.max(...all.map(({ aside }) => textWidth(aside.text)))
  const beside = column + names + gap + asides <= width
  return all.flatMap(({ label, name, aside, text }) => {
    const head = ' '.repeat(indent) + padEnd(label, labels + gap)
    const remark = paint(aside.colour, aside.text)
    const first = beside
      ? [head + padEnd(name, names + gap) + remark]
      : [head + name, ' '.repeat(column) + remark]
    return [...first, ...hanging('', text, column, width)]
  })
}
