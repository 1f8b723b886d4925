// The beginning of an upstream's answer, in pieces of any size.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AnswerHead } from '../src/upstream/answer-head.ts'

const limit = 200
const head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\t\r\nUpgrade: websocket\r\n\r\n'

/** What it gives back for what comes in such pieces, and how many bytes had come by then. */
function read(text: string, cuts: number[]): { bytes: string | undefined; come: number } {
  const bytes = Buffer.from(text, 'latin1')
  const reader = new AnswerHead(limit)
  const places = [...new Set(cuts.map((cut) => cut % bytes.length)), bytes.length].sort((a, b) => a - b)
  let from = 0
  for (const to of places) {
    if (to === from) continue
    const all = reader.add(bytes.subarray(from, to))
    if (all) return { bytes: all.toString('latin1'), come: to }
    from = to
  }
  return { bytes: undefined, come: from }
}

const everyByte = (text: string) => Array.from(text, (_, at) => at)

test('a switch of protocols is given back when its end has come, with all that came, however it was cut', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.nat()), (behind, cuts) => {
      const { bytes, come } = read(head + behind, cuts)
      expect(come).toBeGreaterThanOrEqual(head.length)
      expect(bytes).toBe((head + Buffer.from(behind, 'latin1').toString('latin1')).slice(0, come))
    }),
  )
  expect(read(`${head}behind`, everyByte(`${head}behind`))).toEqual({ bytes: head, come: head.length })
})

test.each([
  ['another version', 'HTTP/1.0', 8],
  ['another status', 'HTTP/1.1 200 OK\r\n', 10],
  ['another protocol', 'SSH-2.0', 1],
  ['an interim answer', 'HTTP/1.1 103 Early Hints\r\n', 12],
  ['lines that end in LF', 'HTTP/1.1 101 Switching\nUpgrade: websocket\n\n', 43],
  ['a head over the limit', `HTTP/1.1 101 ${'a'.repeat(limit)}`, limit + 1],
])('%s is given back as soon as it is known', (_, text, come) => {
  expect(read(text, everyByte(text))).toEqual({ bytes: text.slice(0, come), come })
})

test.each(['\r\n', 'HTTP/1.1 10', head.slice(0, -1)])(
  '%j is waited for, where it may still become one',
  (text) => {
    const waits = head.startsWith(text)
    expect(read(text, everyByte(text)).bytes === undefined).toBe(waits)
  },
)
