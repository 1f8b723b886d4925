import { fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { Sessions, sessionCookie, sessionIn } from '../src/operate/admin-sessions.ts'

const hour = 3_600_000

test('a session is open until twelve hours have passed, or it is closed', () => {
  const clock = fakeClock(1e9)
  const sessions = new Sessions(clock)
  const [a, b] = [sessions.open(), sessions.open()]
  expect(a).toMatch(/^[\w-]{43}$/)
  expect(a).not.toBe(b)
  sessions.close(b)
  clock.tick(12 * hour - 1)
  expect([a, b, 'guess', ''].map((id) => sessions.isOpen(id))).toEqual([true, false, false, false])
  clock.tick(1)
  expect(sessions.isOpen(a)).toBe(false)
})

test('one session too many ends the oldest; another token ends all', () => {
  const sessions = new Sessions(fakeClock())
  const all = Array.from({ length: 65 }, () => sessions.open())
  expect(all.map((id) => sessions.isOpen(id)).indexOf(true)).toBe(1)
  sessions.clear()
  expect(all.some((id) => sessions.isOpen(id))).toBe(false)
})

test('the cookie is for this site and no script, and goes over TLS where the page did', () => {
  const port = 10120
  expect(sessionCookie('abc', { port, secure: false })).toBe(
    'holdfast_session_10120=abc; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict',
  )
  expect(sessionCookie('abc', { port, secure: true })).toMatch(/; Secure$/)
  expect(sessionCookie(undefined, { port, secure: false })).toContain(
    'holdfast_session_10120=; Path=/; Max-Age=0;',
  )
})

test('the session is found among other cookies, and not that of another port', () => {
  const cookie = 'a=b; holdfast_session_1012=no; holdfast_session_10120=yes; c=d'
  expect(sessionIn({ cookie }, 10120)).toBe('yes')
  expect(sessionIn({ cookie }, 10121)).toBeUndefined()
  expect(sessionIn({}, 10120)).toBeUndefined()
})
