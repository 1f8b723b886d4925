// Looks again and again: on a terminal in place, elsewhere one block after the other.
import type { Io } from './output.ts'

export interface WatchOptions {
  /** Milliseconds from one look to the next. */
  everyMs: number
  /** What to show now; undefined for nothing new. Must not reject but to end the watch. */
  look: () => Promise<string | undefined>
}

/** Until Ctrl-C, or `q` on a terminal, which are the ways to end it: no failure. */
export async function watch(io: Io, { everyMs, look }: WatchOptions): Promise<void> {
  const stop = new AbortController()
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()))
  const end = () => stop.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  const isScreen = io.stdout.isTTY && io.env.TERM !== 'dumb'
  const screen = isScreen ? inPlace(io) : oneByOne(io)
  const leaveKeys = isScreen ? onEndKey(end) : undefined
  try {
    while (!stop.signal.aborted) {
      const next = pause(everyMs, stop.signal)
      const text = await Promise.race([look(), stopped])
      if (text !== undefined && !stop.signal.aborted) screen.show(text)
      await next
    }
  } finally {
    stop.abort()
    leaveKeys?.()
    screen.close()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end)
  }
}

/** Calls `end` for `q` and, since a terminal in raw mode makes no signal of it, for Ctrl-C. The result undoes it. */
function onEndKey(end: () => void): (() => void) | undefined {
  const { stdin } = process
  if (!stdin.isTTY) return undefined
  const onKeys = (keys: Buffer) => /[qQ\x03\x04]/.test(keys.toString('latin1')) && end()
  try {
    stdin.setRawMode(true)
  } catch {
    // A terminal that has hung up.
    return undefined
  }
  stdin.on('data', onKeys)
  stdin.resume()
  return () => {
    stdin.off('data', onKeys)
    stdin.pause()
    stdin.setRawMode(false)
  }
}

interface Screen {
  show(text: string): void
  close(): void
}

/** Control sequences of ECMA-48 and, with a question mark, of xterm. */
const otherScreen = ['\x1b[?1049h', '\x1b[?1049l'] as const
const cursor = ['\x1b[?25l', '\x1b[?25h'] as const
/** Longer lines are cut by the terminal, so that a line stays a line. */
const wrapping = ['\x1b[?7l', '\x1b[?7h'] as const
const home = '\x1b[H'
const clearLine = '\x1b[K'
const clearBelow = '\x1b[J'

/** On a screen of its own, without a flicker: lines are written over the last ones. */
function inPlace(io: Io): Screen {
  let open = false
  return {
    show(text) {
      const rows = io.stdout.rows || 24
      const all = text.trimEnd().split('\n')
      const shown =
        all.length < rows ? all : [...all.slice(0, rows - 1), `… ${all.length - rows + 1} more lines`]
      const begin = open ? '' : otherScreen[0] + cursor[0] + wrapping[0]
      open = true
      io.stdout.write(`${begin}${home}${shown.map((line) => `${line}${clearLine}`).join('\n')}${clearBelow}`)
    },
    close() {
      if (open) io.stdout.write(wrapping[1] + cursor[1] + otherScreen[1])
    },
  }
}

function oneByOne(io: Io): Screen {
  return { show: (text) => io.stdout.write(text), close: () => {} }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })
}
