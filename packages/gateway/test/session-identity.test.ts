import { describe, expect, test } from 'vitest'
import type { UpgradeRequest } from '../src/http/upgrade-request.ts'
import { identityOf } from '../src/resume/identity.ts'

const with_ = (...headers: [string, string][]) => ({ headers }) as unknown as UpgradeRequest
const jwt = (claims: object, signature = 'c2ln') =>
  `${['{"alg":"none"}', JSON.stringify(claims)].map((part) => Buffer.from(part).toString('base64url')).join('.')}.${signature}`

/** Who somebody is by what a service has added. */
const by = (...added: [string, string][]) => identityOf(with_(), undefined, added)

describe('what a service adds says who a client is', () => {
  test('whatever the order and the case of names', () => {
    expect(by(['X-User', 'ann'], ['X-Role', 'a'])).toBe(by(['x-role', 'a'], ['x-user', 'ann']))
    expect(by(['X-User', 'ann'])).not.toBe(by(['X-User', 'bob']))
    expect(by(['X-User', 'ann'])).not.toBe(by(['X-Role', 'ann']))
    expect(by()).toBeUndefined()
  })

  test.each(['Authorization', 'X-Jwt', 'X-Assertion'])(
    'of a JWT in %s its issuer and subject count',
    (name) => {
      const bearer = name === 'Authorization' ? 'Bearer ' : ''
      const of = (claims: object, signature?: string) => by([name, bearer + jwt(claims, signature)])
      const ann = of({ iss: 'a', sub: 'ann', exp: 1 })
      expect(of({ iss: 'a', sub: 'ann', exp: 2, jti: 'x' }, 'b3RoZXI')).toBe(ann)
      expect(of({ iss: 'a', sub: 'bob', exp: 1 })).not.toBe(ann)
      expect(of({ iss: 'b', sub: 'ann', exp: 1 })).not.toBe(ann)
      expect(ann).toBeDefined()
    },
  )

  test.each(['Authorization', 'X-Access-Token', 'X-Auth-Request-Access-Token', 'X-Session', 'X-Signature'])(
    'a credential in %s that says nothing counts for nothing',
    (name) => {
      expect(by([name, 'one'], ['X-User', 'ann'])).toBe(by([name, 'another'], ['X-User', 'ann']))
      expect(by([name, 'one'], ['X-User', 'ann'])).not.toBe(by([name, 'one'], ['X-User', 'bob']))
    },
  )

  test.each([
    'a.b.c',
    'Bearer a.b.c',
    `x.${Buffer.from('null').toString('base64url')}.y`,
    `x.${Buffer.from('[]').toString('base64url')}.`,
  ])('%s is no JWT that says who', (value) => {
    expect(by(['X-User', value])).not.toBe(by(['X-User', `${value}x`]))
  })
})

describe('bind alone counts where it is given', () => {
  test('a field, as the service has set it', () => {
    const bind = { from: 'header', name: 'x-user' } as const
    const of = (user: string, token: string) =>
      identityOf(with_(['X-User', user], ['X-Ticket-Id', token]), bind, [
        ['X-User', user],
        ['X-Ticket-Id', token],
      ])
    expect(of('ann', '1')).toBe(of('ann', '2'))
    expect(of('ann', '1')).not.toBe(of('bob', '1'))
  })

  test('a cookie', () => {
    const bind = { from: 'cookie', name: 'sid' } as const
    const of = (cookie: string, id: string) => identityOf(with_(['Cookie', cookie]), bind, [['X-Id', id]])
    expect(of('a=b; sid=1', '1')).toBe(of('sid=1; a=c', '2'))
    expect(of('sid=1', '1')).not.toBe(of('sid=2', '1'))
  })
})
