import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineWriter } from '../src/core/log-writer.ts'

/** A descriptor with so much room, or that fails. */
class Output {
  text = ''
  room = Number.POSITIVE_INFINITY
  error: string | undefined
  #later: (() => void)[] = []

  readonly writer = new LineWriter({
    write: (bytes) => {
      if (this.error) throw Object.assign(new Error(this.error), { code: this.error })
      if (this.room <= 0) throw Object.assign(new Error('no room'), { code: 'EAGAIN' })
      const written = Math.min(this.room, bytes.length)
      this.room -= written
      this.text += bytes.toString('utf8', 0, written)
      return written
    },
    report: (lines) => `dropped ${lines}\n`,
    later: (callback) => this.#later.push(callback),
  })

  retry(): void {
    for (const callback of this.#later.splice(0)) callback()
  }
}

test('a line for which there is no room waits, whole and in order', () => {
  const output = new Output()
  output.room = 3
  output.writer.write('first\n')
  output.writer.write('second\n')
  expect(output.text).toBe('fir')
  output.room = 100
  output.retry()
  expect(output.text).toBe('first\nsecond\n')
  expect(output.writer.dropped).toBe(0)
})

test('what cannot be written is dropped, and reported before the next line that can', () => {
  const output = new Output()
  output.error = 'ENOSPC'
  output.writer.write('a\n')
  output.writer.write('b\n')
  output.error = undefined
  output.writer.write('c\n')
  expect(output.text).toBe('dropped 2\nc\n')
  expect(output.writer.dropped).toBe(2)
})

test('the rest of a line on a disk that fills up inside it comes before the next line', () => {
  const output = new Output()
  output.room = 2
  output.writer.write('first\n')
  output.error = 'ENOSPC'
  output.retry()
  output.error = undefined
  output.room = 100
  output.writer.write('second\n')
  output.retry()
  expect(output.text).toBe('first\nsecond\n')
})

test('what waits has a limit', () => {
  const output = new Output()
  output.room = 0
  const line = `${'x'.repeat(1023)}\n`
  for (let i = 0; i < 1000; i++) output.writer.write(line)
  expect(output.writer.dropped).toBe(1000 - 256)
  output.room = Number.POSITIVE_INFINITY
  output.retry()
  expect(output.text).toBe(`${line.repeat(256)}dropped ${1000 - 256}\n`)
})

test('whatever the descriptor does, each line is out whole and in order, or reported as dropped', () => {
  const event = fc.oneof(
    { weight: 3, arbitrary: fc.record({ write: fc.integer({ min: 1, max: 40_000 }) }) },
    { weight: 2, arbitrary: fc.record({ room: fc.integer({ min: 0, max: 100_000 }) }) },
    fc.record({ error: fc.constantFrom('ENOSPC', 'EPIPE', 'EIO', undefined) }),
    fc.constant({ retry: true }),
  )
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const output = new Output()
      let written = 0
      for (const what of events) {
        if ('write' in what) output.writer.write(`${written++} ${'x'.repeat(what.write)}\n`)
        else if ('room' in what) output.room = what.room
        else if ('error' in what) output.error = what.error
        else output.retry()
      }
      output.error = undefined
      output.room = Number.POSITIVE_INFINITY
      output.retry()
      output.writer.write(`${written++} end\n`)
      let seen = 0
      for (const line of output.text.trimEnd().split('\n')) {
        const gap = /^dropped (\d+)$/.exec(line)
        if (gap) seen += Number(gap[1])
        else expect(line).toMatch(new RegExp(`^${seen++} (x+|end)$`))
      }
      expect(seen).toBe(written)
    }),
  )
})
