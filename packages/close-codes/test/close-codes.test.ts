import { describe, expect, it } from 'vitest'
import {
  adviceFor,
  browserMaySend,
  type CodeId,
  closeCode,
  closeCodes,
  code,
  grpcStatus,
  mayTravel,
} from '../src/index.ts'

// Written out once more on purpose: the registry as it stands, not as the table has it.
const registry: [number, string][] = [
  [1000, 'Normal Closure'],
  [1001, 'Going Away'],
  [1002, 'Protocol Error'],
  [1003, 'Unsupported Data'],
  [1004, 'Reserved'],
  [1005, 'No Status Received'],
  [1006, 'Abnormal Closure'],
  [1007, 'Invalid Frame Payload Data'],
  [1008, 'Policy Violation'],
  [1009, 'Message Too Big'],
  [1010, 'Mandatory Extension'],
  [1011, 'Internal Error'],
  [1012, 'Service Restart'],
  [1013, 'Try Again Later'],
  [1014, 'Bad Gateway'],
  [1015, 'TLS Handshake'],
  [3000, 'Unauthorized'],
  [3003, 'Forbidden'],
  [3008, 'Timeout'],
]

describe('closeCodes', () => {
  it('holds exactly the 19 registered codes, ascending, under their registered names', () => {
    expect(closeCodes.map((row) => [row.code, row.name])).toEqual(registry)
  })

  it('has one row for each constant of code, and no other', () => {
    expect(Object.fromEntries(closeCodes.map((row) => [row.id, row.code]))).toEqual({ ...code })
    expect(new Set(Object.values(code)).size).toBe(Object.keys(code).length)
  })

  it('derives ids from names', () => {
    const special: Partial<Record<CodeId, string>> = { invalidPayload: 'Invalid Frame Payload Data' }
    for (const row of closeCodes) {
      const [first = '', ...rest] = row.name.split(' ')
      if (special[row.id] === undefined) expect(row.id).toBe([first.toLowerCase(), ...rest].join(''))
    }
  })

  it('agrees with the functions in every row', () => {
    for (const row of closeCodes) {
      expect(row.travels, `${row.code}`).toBe(mayTravel(row.code))
      expect(row.browserMaySend, `${row.code}`).toBe(browserMaySend(row.code))
      expect(row.advice, `${row.code}`).toEqual(adviceFor(row.code))
    }
  })

  it('names a sender exactly where the code may travel', () => {
    for (const row of closeCodes) expect(row.sentBy.length > 0, `${row.code}`).toBe(row.travels)
  })

  it('lets browser scripts send only 1000, 3000, 3003 and 3008', () => {
    const sendable = closeCodes.filter((row) => row.browserMaySend).map((row) => row.code)
    expect(sendable).toEqual([1000, 3000, 3003, 3008])
  })

  it('fills every cell: a definition, aliases, known cousins, no value twice', () => {
    for (const row of closeCodes) {
      expect(row.reference.title).not.toBe('')
      expect(new URL(row.reference.url).protocol).toBe('https:')
      expect(row.aliases.length, `${row.code}`).toBeGreaterThan(0)
      for (const status of row.http) expect(status).toBeGreaterThanOrEqual(200)
      for (const name of row.grpc) expect(grpcStatus[name]).toBeTypeOf('number')
      const lists: (readonly unknown[])[] = [row.sentBy, row.http, row.grpc, row.aliases]
      for (const cells of lists) expect(new Set(cells).size, `${row.code}`).toBe(cells.length)
    }
  })

  it('gives no alias to two codes', () => {
    const aliases = closeCodes.flatMap((row) => row.aliases)
    expect(new Set(aliases).size).toBe(aliases.length)
  })

  it('calls 1014 the cousin of HTTP 502 and 1012 that of 503', () => {
    expect(closeCode(1014)?.http).toEqual([502])
    expect(closeCode(1012)?.http).toEqual([503])
  })
})

describe('closeCode', () => {
  it('finds every registered code and nothing else', () => {
    for (let n = -1; n < 5100; n++) {
      expect(closeCode(n)?.code).toBe(registry.some(([number]) => number === n) ? n : undefined)
    }
    expect(closeCode(Number.NaN)).toBeUndefined()
    expect(closeCode(1000.5)).toBeUndefined()
  })
})
