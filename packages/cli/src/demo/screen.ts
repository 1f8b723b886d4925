// Where the demo prints: lines that stay, and on a terminal a few below them that are drawn again in place.
import { type Io, painter } from '../output.ts'
import { textWidth } from '../text-width.ts'

/** Without a terminal there is no width; lines are then as long as they are, so that one row stays one line. */
const unlimited = 200
const narrowest = 60
/** A terminal with fewer rows cannot keep the live lines in sight. */
const fewestRows = 16

export class Screen {
  readonly paint: ReturnType<typeof painter>
  readonly width: number
  /** Whether `show` shows anything. */
  readonly live: boolean
  readonly #io: Io
  #shown: readonly string[] = []
  #ended = false

  constructor(io: Io) {
    const { isTTY, columns, rows } = io.stdout as { isTTY?: boolean; columns?: number; rows?: number }
    this.#io = io
    this.paint = painter(io)
    this.width = isTTY ? Math.max(narrowest, columns || 80) : unlimited
    this.live = isTTY === true && io.env.TERM !== 'dumb' && (rows || 24) >= fewestRows
  }

  /** Prints lines that stay, above those that are shown. */
  print(text: string): void {
    if (this.#ended) return
    this.#io.stdout.write(`${this.#erase()}${text}${this.#shown.map((line) => `${line}\n`).join('')}`)
  }

  /** Shows these lines in place of the last ones. */
  show(lines: readonly string[]): void {
    if (!this.live || this.#ended) return
    const cut = lines.map((line) => cutTo(line, this.width - 1))
    const text = cut.map((line) => `${line}\x1b[K\n`).join('')
    this.#io.stdout.write(`${this.#up()}${text}${cut.length < this.#shown.length ? '\x1b[J' : ''}`)
    this.#shown = cut
  }

  /** Nothing is printed or shown any more; what was shown is gone. */
  end(): void {
    this.show([])
    this.#ended = true
  }

  #up(): string {
    // To the first column too: a Ctrl-C may have left its ^C in the first two.
    return this.#shown.length > 0 ? `\r\x1b[${this.#shown.length}A` : ''
  }

  #erase(): string {
    return this.#shown.length > 0 ? `${this.#up()}\x1b[J` : ''
  }
}

/** The beginning of a line that fits; colours take no room. */
function cutTo(line: string, width: number): string {
  let room = width
  return line
    .split(/(\x1b\[[\d;]*m)/)
    .map((part) => {
      if (part.startsWith('\x1b')) return part
      const kept = textWidth(part) <= room ? part : part.slice(0, room)
      room -= textWidth(kept)
      return kept
    })
    .join('')
}
