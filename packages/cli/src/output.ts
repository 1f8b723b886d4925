// What commands print: documents and pages on standard output, problems on standard error.

/** Where a command reads and writes; tests give it their own. */
export interface Io {
  stdout: { write(text: string): unknown; isTTY?: boolean; columns?: number; rows?: number }
  stderr: { write(text: string): unknown; isTTY?: boolean }
  env: Record<string, string | undefined>
}

/** Exit statuses: 0 fine, 1 the thing checked or asked has an error, 2 wrong use. */
export type ExitStatus = 0 | 1 | 2

/** Ends a command: its lines are all that the user is told. */
export class Failure extends Error {
  readonly status: 1 | 2
  readonly lines: string[]
  /** For `--json`. */
  readonly code: string

  constructor(status: 1 | 2, lines: string | string[], code = 'failed') {
    const all = typeof lines === 'string' ? [lines] : lines
    super(all.join('\n'))
    this.status = status
    this.lines = all
    this.code = code
  }
}

/** Prints one JSON document. */
export function printJson(io: Io, document: unknown): void {
  io.stdout.write(`${jsonText(document, 2)}\n`)
}

/** JSON in which nothing can steer a terminal: it escapes some control characters itself, but not all. */
export function jsonText(document: unknown, indent?: number): string {
  return JSON.stringify(document, null, indent).replace(steering, (character) =>
    character === '\n' ? character : unicodeEscape(character),
  )
}

export type Colour = 'red' | 'green' | 'yellow' | 'bold' | 'dim'

const sgr: Record<Colour, [on: number, off: number]> = {
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  bold: [1, 22],
  dim: [2, 22],
}

/** Colours text on a terminal, unless `NO_COLOR` is set; elsewhere leaves it as it is. */
export function painter({ stdout, env }: Io): (colour: Colour, text: string) => string {
  if (!stdout.isTTY || env.NO_COLOR) return (_, text) => text
  return (colour, text) => `\x1b[${sgr[colour][0]}m${text}\x1b[${sgr[colour][1]}m`
}

/** Control characters, which begin escape sequences; marks that turn the direction of text; ends of lines. */
const steering = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/**
 * Text that comes from elsewhere, as one line that cannot steer a terminal: what could is written as an escape, `\x1b`. Every
 * command prints what a remote, a file or a page said through this.
 */
export function printable(text: string): string {
  return text.replace(steering, (character) => {
    const number = character.codePointAt(0)!
    return number < 256 ? `\\x${number.toString(16).padStart(2, '0')}` : unicodeEscape(character)
  })
}

/** As JSON and JavaScript write it, by units of UTF-16. */
function unicodeEscape(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

/** `3d 4h`, `2h 5m`, `12m 30s`, `8s`. */
export function formatDuration(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0s'
  return parts
    .slice(first, first + 2)
    .map(([count, unit]) => `${count}${unit}`)
    .join(' ')
}

/** `512 B`, `1.5 KiB`, `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let [value, unit] = [bytes, 0]
  while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1]
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}
