import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { buildReason, maxReasonBytes, maxRetry, parseReason } from '../src/index.ts'

const bytes = (text: string) => Buffer.byteLength(text)

/** The text with U+FFFD for each half of a surrogate pair. */
const wellFormed = (text: string) => Buffer.from(text).toString()

// Text of one- to four-byte characters, some of them cut in half, and pieces that look like a suffix.
const anyPiece = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    'a',
    'é',
    '€',
    '😀',
    '\ud83d',
    '\ude00',
    '\u0000',
    '\ufeff',
    '; ',
    'retry=',
    '; retry=',
    '; sent=0',
    '7',
  ),
  fc.integer({ min: 0, max: 1e12 }).map((n) => `; retry=${n}`),
)
const anyText = fc.array(anyPiece, { maxLength: 60 }).map((pieces) => pieces.join(''))
const anyRetry = fc.integer({ min: 0, max: maxRetry })

describe('buildReason', () => {
  it('joins text and retry', () => {
    expect(buildReason('service restart', { retry: 3500 })).toBe('service restart; retry=3500')
    expect(buildReason('bad gateway: connection refused')).toBe('bad gateway: connection refused')
    expect(buildReason('', { retry: 20 })).toBe('retry=20')
    expect(buildReason('')).toBe('')
  })

  it('fits into 123 bytes whatever the text, and is well-formed', () => {
    fc.assert(
      fc.property(anyText, fc.option(fc.double(), { nil: undefined }), (text, retry) => {
        const reason = buildReason(text, { retry })
        expect(bytes(reason)).toBeLessThanOrEqual(maxReasonBytes)
        expect(wellFormed(reason)).toBe(reason)
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps the suffix whole however long the text is', () => {
    fc.assert(
      fc.property(anyText, anyRetry, (text, retry) => {
        const reason = buildReason(text, { retry })
        expect(reason.endsWith(`retry=${retry}`)).toBe(true)
        expect(parseReason(reason).retry).toBe(retry)
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps text that fits as it is, so that parseReason gives back what was put in', () => {
    fc.assert(
      fc.property(anyText, anyRetry, (raw, retry) => {
        const text = wellFormed(raw)
        fc.pre(parseReason(text).text === text)
        fc.pre(bytes(`${text}; retry=${retry}`) <= maxReasonBytes)
        expect(parseReason(buildReason(text, { retry }))).toEqual({ text, retry })
      }),
      { numRuns: 2000 },
    )
  })

  it('cuts between two characters and as late as it can', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 100, maxLength: 400 }), (text) => {
        fc.pre(!text.includes('retry='))
        const whole = wellFormed(text)
        const reason = buildReason(text)
        expect(whole.startsWith(reason)).toBe(true)
        const next = [...whole][[...reason].length]
        if (next !== undefined) expect(bytes(reason + next)).toBeGreaterThan(maxReasonBytes)
      }),
      { numRuns: 1000 },
    )
  })

  it('leaves no room that a character fits into, whatever stands before it', () => {
    // Found by the test above on Node 26, once in thousands.
    const text = '\u0800\u0400\u0400\u0800\u{10000}\u00e9'.repeat(20)
    for (let lead = 0; lead < 17; lead++) {
      const reason = buildReason('a'.repeat(lead) + text)
      const next = [...text][[...reason].length - lead]!
      expect(bytes(reason + next), `${lead}`).toBeGreaterThan(maxReasonBytes)
    }
  })

  for (const [name, character] of [
    ['two', 'é'],
    ['three', '€'],
    ['four', '😀'],
  ] as const) {
    it(`never splits a character of ${name} bytes, at any offset`, () => {
      for (let lead = 0; lead < 8; lead++) {
        const reason = buildReason('x'.repeat(lead) + character.repeat(200))
        expect(reason).toBe('x'.repeat(lead) + character.repeat((reason.length - lead) / character.length))
        expect(bytes(reason)).toBeGreaterThan(maxReasonBytes - bytes(character))
      }
    })
  }

  it('replaces half a surrogate pair by U+FFFD', () => {
    expect(buildReason('a\ud83db')).toBe('a\ufffdb')
    expect(buildReason('\ude00\ud83d', { retry: 1 })).toBe('\ufffd\ufffd; retry=1')
  })

  it('keeps a byte order mark', () => {
    expect(buildReason('\ufefftext')).toBe('\ufefftext')
  })

  it('is the same when it is applied again', () => {
    fc.assert(
      fc.property(anyText, fc.option(anyRetry, { nil: undefined }), (text, retry) => {
        const reason = buildReason(text, { retry })
        expect(buildReason(reason)).toBe(reason)
        expect(buildReason(reason, { retry })).toBe(reason)
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps a suffix that the text already has, and replaces it when a retry is given', () => {
    expect(buildReason(`${'long '.repeat(50)}; retry=700`)).toMatch(/^(long )+.*; retry=700$/)
    expect(buildReason('text; retry=700', { retry: 5 })).toBe('text; retry=5')
  })

  it('invents no retry by cutting: what the text did not say is not in the reason', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(parseReason(buildReason(text)).retry).toBe(parseReason(text).retry)
      }),
      { numRuns: 2000 },
    )
    for (let lead = 80; lead < 130; lead++) {
      const text = `${'x'.repeat(lead)}; retry=1; retry=234567 and more`
      expect(parseReason(buildReason(text)).retry, `${lead}`).toBeUndefined()
    }
  })

  it('puts sent=0 before the retry, keeps it whole, and invents none by cutting', () => {
    expect(buildReason('bad gateway', { sent: 0, retry: 2000 })).toBe('bad gateway; sent=0; retry=2000')
    expect(buildReason('bad gateway; sent=0', { retry: 2000 })).toBe('bad gateway; sent=0; retry=2000')
    expect(buildReason('bad gateway; retry=2000', { sent: 0 })).toBe('bad gateway; sent=0; retry=2000')
    expect(buildReason('', { sent: 0 })).toBe('sent=0')
    fc.assert(
      fc.property(anyText, anyRetry, (text, retry) => {
        const reason = buildReason(text, { retry, sent: 0 })
        expect(bytes(reason)).toBeLessThanOrEqual(maxReasonBytes)
        expect(parseReason(reason)).toMatchObject({ sent: 0, retry })
        expect(parseReason(buildReason(text)).sent).toBe(parseReason(text).sent)
      }),
      { numRuns: 2000 },
    )
    for (let lead = 80; lead < 130; lead++)
      expect(
        parseReason(buildReason(`${'x'.repeat(lead)}; sent=0 of 7 messages`)).sent,
        `${lead}`,
      ).toBeUndefined()
  })

  it('rounds retry up and holds it between 0 and one day', () => {
    expect(buildReason('t', { retry: 0.2 })).toBe('t; retry=1')
    expect(buildReason('t', { retry: -5 })).toBe('t; retry=0')
    expect(buildReason('t', { retry: -0 })).toBe('t; retry=0')
    expect(buildReason('t', { retry: 1e21 })).toBe(`t; retry=${maxRetry}`)
    expect(buildReason('t', { retry: Number.POSITIVE_INFINITY })).toBe(`t; retry=${maxRetry}`)
    expect(buildReason('t', { retry: Number.NaN })).toBe('t')
    expect(buildReason('t', { retry: undefined })).toBe('t')
  })

  it('builds what a real peer receives unchanged', async () => {
    const reasons = ['€'.repeat(99), '\ud83d😀'.repeat(30), 'service restart'].map((text) =>
      buildReason(text, { retry: 86_400_000 }),
    )
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    const pending = [...reasons]
    server.on('connection', (socket) => socket.close(1012, pending.shift()))
    for (const reason of reasons) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`)
      const received = await new Promise((resolve) => {
        socket.once('close', (code, data) => resolve([code, data.toString()]))
      })
      expect(received).toEqual([1012, reason])
    }
    await new Promise((resolve) => server.close(resolve))
  })
})

describe('parseReason', () => {
  const rows: [reason: string, text: string, retry?: number][] = [
    ['', ''],
    ['service restart', 'service restart'],
    ['service restart; retry=3500', 'service restart', 3500],
    ['retry=3500', '', 3500],
    ['; retry=3500', '', 3500],
    ['a; retry=0', 'a', 0],
    ['a; retry=007', 'a', 7],
    ['a; b; retry=1', 'a; b', 1],
    ['a; retry=1; retry=2', 'a; retry=1', 2],
    ['line\nbreak; retry=9', 'line\nbreak', 9],
    ['a; retry=86400000', 'a', 86_400_000],
    ['a; retry=86400001', 'a; retry=86400001'],
    ['a; retry=99999999999999999999999999', 'a; retry=99999999999999999999999999'],
    ['a; retry=1767225600000', 'a; retry=1767225600000'],
    ['a; retry=-1', 'a; retry=-1'],
    ['a; retry=+1', 'a; retry=+1'],
    ['a; retry=1.5', 'a; retry=1.5'],
    ['a; retry=1e3', 'a; retry=1e3'],
    ['a; retry=0x10', 'a; retry=0x10'],
    ['a; retry=', 'a; retry='],
    ['a; retry= 5', 'a; retry= 5'],
    ['a; retry=5 ', 'a; retry=5 '],
    ['a; retry=5\n', 'a; retry=5\n'],
    ['a; retry=5; b', 'a; retry=5; b'],
    ['a; RETRY=5', 'a; RETRY=5'],
    ['a;retry=5', 'a;retry=5'],
    ['a retry=5', 'a retry=5'],
    ['a; retry=５', 'a; retry=５'],
    ['a; retry=NaN', 'a; retry=NaN'],
    ['a; retry=Infinity', 'a; retry=Infinity'],
    ['a\u0000; retry=5', 'a\u0000', 5],
  ]
  for (const [reason, text, retry] of rows) {
    it(`reads ${JSON.stringify(reason)} as ${retry === undefined ? 'text only' : `retry ${retry}`}`, () => {
      expect(parseReason(reason)).toEqual(retry === undefined ? { text } : { text, retry })
    })
  }

  for (const [reason, parsed] of [
    ['bad gateway; sent=0; retry=2000', { text: 'bad gateway', sent: 0, retry: 2000 }],
    ['bad gateway; retry=2000; sent=0', { text: 'bad gateway; retry=2000', sent: 0 }],
    ['sent=0', { text: '', sent: 0 }],
    ['a; sent=12', { text: 'a; sent=12' }],
    ['a; sent=0; sent=0', { text: 'a; sent=0', sent: 0 }],
    ['a; sent=', { text: 'a; sent=' }],
    ['a; sent=0x', { text: 'a; sent=0x' }],
    ['present=0', { text: 'present=0' }],
    ['a; sent=0; b', { text: 'a; sent=0; b' }],
    ['sent=0; a; retry=3', { text: 'sent=0; a', retry: 3 }],
  ] as const) {
    it(`reads ${JSON.stringify(reason)} as ${JSON.stringify(parsed)}`, () => {
      expect(parseReason(reason)).toEqual(parsed)
    })
  }

  it('takes any string and returns text with, at most, a retry of one day', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.string({ unit: 'binary' })), (reason) => {
        const { text, retry, sent } = parseReason(reason)
        expect(reason.startsWith(text)).toBe(true)
        if (retry === undefined && sent === undefined) expect(text).toBe(reason)
        else if (retry !== undefined)
          expect(Number.isInteger(retry) && retry >= 0 && retry <= maxRetry).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('reads a megabyte of near misses in linear time', () => {
    for (const piece of ['; retry=', '; retry=1', '; ', '; retry=12345678x']) {
      const hostile = piece.repeat(1_000_000 / piece.length)
      // Processor time: on a busy machine the test may wait for a processor in between.
      const before = process.cpuUsage()
      parseReason(`${hostile}!`)
      buildReason(`${hostile}!`)
      expect(process.cpuUsage(before).user).toBeLessThan(1_000_000)
    }
  })
})
