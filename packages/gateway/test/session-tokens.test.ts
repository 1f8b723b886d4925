import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashOf, newToken, readHint, SessionTokens } from '../src/resume/token.ts'

test('a token has 256 random bits behind its hint, and characters that a subprotocol may have', () => {
  const { token, hash } = newToken('12')
  expect(token).toMatch(/^12-[A-Za-z0-9_-]{43}$/)
  expect(hash).toBe(hashOf(token))
  expect(newToken('12').token).not.toBe(token)
})

test('a token says in clear which worker, and in a fleet which node, is to be asked first', () => {
  expect(readHint(newToken('12').token)).toEqual({ worker: '12' })
  expect(readHint(newToken('3-aB-_567890xy').token)).toEqual({ worker: '3', node: 'aB-_567890xy' })
  for (const token of ['', 'x'.repeat(43), `a-${'x'.repeat(43)}`, `1-short-${'x'.repeat(43)}`])
    expect(readHint(token)).toBeUndefined()
})

test('what the client has received last always opens the session, however many welcomes are lost', () => {
  const step = fc.record({ arrives: fc.boolean(), acknowledged: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const first = newToken('0')
      const tokens = new SessionTokens(first.hash)
      let has = first
      const usedUp: string[] = []
      for (const { arrives, acknowledged } of steps) {
        expect(tokens.hashes).toContain(has.hash)
        for (const hash of usedUp) expect(tokens.hashes).not.toContain(hash)
        const given = tokens.exchange(has.hash, '0')
        expect(given.token).not.toBe(has.token)
        if (!arrives) continue
        if (acknowledged) {
          tokens.confirm()
          usedUp.push(has.hash)
        }
        has = given
      }
      expect(tokens.hashes.length).toBeLessThanOrEqual(2)
    }),
  )
})

test('survives being packed', () => {
  const first = newToken('0')
  const tokens = new SessionTokens(first.hash)
  const given = tokens.exchange(first.hash, '0')
  const there = SessionTokens.unpack(JSON.parse(JSON.stringify(tokens.pack())))
  expect(there.hashes).toEqual(tokens.hashes)
  expect(there.exchange(first.hash, '0').token).toBe(given.token)
})
