import { describe, expect, it } from 'vitest'
import { receiveSupport, refusals } from '../src/receive-support.ts'
import { en } from '../src/text/en.ts'

const rejecting = (id: 'serviceRestart' | 'tryAgainLater' | 'badGateway' | 'registered') =>
  receiveSupport.filter((row) => row[id] === 'rejects').map((row) => row.implementation)

describe('refusals', () => {
  it('counts for the later codes, and for those of RFC 6455 only what was measured', () => {
    expect(refusals(1014)).toEqual({ refusing: 15, of: 36 })
    expect(refusals(1012)).toEqual({ refusing: 7, of: 36 })
    expect(refusals(3003)).toEqual({ refusing: rejecting('registered').length, of: 36 })
    expect(refusals(1010)).toEqual({ refusing: 1, of: 36 })
    expect(refusals(1000)).toEqual({ refusing: 0, of: 36 })
  })
})

describe('receiveSupport', () => {
  it('has 36 implementations, each once, each with a link', () => {
    expect(receiveSupport).toHaveLength(36)
    expect(new Set(receiveSupport.map((row) => row.implementation)).size).toBe(36)
    for (const row of receiveSupport) expect(new URL(row.source).protocol).toBe('https:')
  })

  it('finds fifteen that refuse 1014, seven that refuse 1012', () => {
    expect(rejecting('badGateway')).toHaveLength(15)
    expect(rejecting('serviceRestart')).toHaveLength(7)
  })

  it('bears out the text: who refuses 1012 refuses 1013, and 1014 is refused most', () => {
    expect(en.codes.tryAgainLater.pitfalls.join()).toContain('refuse 1013 too')
    expect(rejecting('tryAgainLater')).toEqual(rejecting('serviceRestart'))
    expect(rejecting('badGateway')).toEqual(expect.arrayContaining(rejecting('serviceRestart')))
    expect(rejecting('badGateway').length).toBeGreaterThan(rejecting('registered').length)
  })
})
