// How a page logs in and out.
import { z } from 'zod'
import type { Authenticator } from './admin-auth.ts'
import { tooOften } from './admin-guard.ts'
import type { AdminRoute } from './admin-http.ts'
import { type AdminAnswer, ok, problem } from './admin-http.ts'

const loginBody = z.strictObject({ token: z.string().min(1).max(4096) })

export function loginRoutes(auth: Authenticator): AdminRoute[] {
  return [
    {
      path: '/api/session',
      admits: 'strangers',
      methods: {
        GET: ({ incoming }) => {
          if (!auth.locked) return ok({ login: 'none' })
          const proof = auth.proofOf(incoming)
          return ok({ login: proof === 'session' || proof === 'token' ? 'done' : 'needed' })
        },
      },
    },
    {
      path: '/api/login',
      admits: 'strangers',
      methods: {
        POST: ({ body, incoming }) => {
          const { token } = loginBody.parse(body)
          if (!auth.locked) return ok({ login: 'none' })
          const result = auth.login(token, incoming)
          if (result.ok) return { ...ok({ login: 'done' }), headers: { 'set-cookie': result.cookie } }
          return result.waitMs > 0
            ? refused(result.waitMs)
            : problem(401, 'wrong_token', 'this is not the admin token')
        },
      },
    },
    {
      path: '/api/logout',
      admits: 'strangers',
      methods: {
        POST: ({ incoming }) => ({
          ...ok({ login: auth.locked ? 'needed' : 'none' }),
          headers: { 'set-cookie': auth.logout(incoming) },
        }),
      },
    },
  ]
}

function refused(wait: number): AdminAnswer {
  const { status, code, message } = tooOften(wait)
  return { ...problem(status, code, message), headers: { 'retry-after': String(Math.ceil(wait / 1000)) } }
}
