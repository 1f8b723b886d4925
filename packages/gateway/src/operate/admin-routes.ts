// The admin API: each path, its methods, and what they do. HTTP itself is in admin.ts.

import { maxReasonBytes, mayTravel } from '@holdfast/close-codes'
import { z } from 'zod'
import type { Authenticator } from './admin-auth.ts'
import type { AdminRoute } from './admin-http.ts'
import { type AdminAnswer, ok, problem } from './admin-http.ts'
import { loginRoutes } from './admin-login.ts'
import type { Metrics } from './metrics.ts'
import type { Operations } from './operations.ts'

const drainBody = z.strictObject({
  route: z.string().optional(),
  upstream: z.string().optional(),
  /** Whether the answer comes when the drain is done; else at once. */
  wait: z.boolean().default(true),
})

const undrainBody = z.strictObject({
  route: z.string().optional(),
  upstream: z.string().optional(),
})

const rebalanceBody = z.strictObject({
  rate: z.int().min(1).max(1000).default(50),
  tolerance: z.number().min(0).max(1).default(0.05),
  timeout: z.int().min(1000).max(86_400_000).default(300_000),
  /** As for a drain. */
  wait: z.boolean().default(true),
})

const reloadBody = z.strictObject({
  /** Whether the answer is what a reload would do, and nothing changes. */
  dryRun: z.boolean().default(false),
})

const upgradeBody = z.strictObject({
  /** As for a drain. */
  wait: z.boolean().default(true),
  /** Whether the old workers carry what cannot move; else that ends. */
  carry: z.boolean().default(true),
  /** Whether the supervisor is replaced as well. */
  supervisor: z.boolean().default(false),
  /** Whether the answer is what an upgrade would do, and nothing changes. */
  dryRun: z.boolean().default(false),
})

const closeBody = z.strictObject({
  code: z.int().refine(mayTravel, 'a close code that may stand in a Close frame'),
  reason: z
    .string()
    .default('')
    .refine((reason) => Buffer.byteLength(reason) <= maxReasonBytes, `at most ${maxReasonBytes} bytes`),
})

const connectionsQuery = z.strictObject({
  route: z.string().optional(),
  state: z.enum(['open', 'held', 'closing']).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
})

export function adminRoutes(operations: Operations, metrics: Metrics, auth: Authenticator): AdminRoute[] {
  const routes: AdminRoute[] = [
    { path: '/', methods: { GET: () => ok({ name: 'holdfast', api: routes.flatMap(methodsAndPath) }) } },
    { path: '/healthz', admits: 'anybody', methods: { GET: () => ok({ status: 'ok' }) } },
    { path: '/readyz', admits: 'anybody', methods: { GET: () => readiness(operations) } },
    { path: '/metrics', methods: { GET: () => exposition(operations, metrics) } },
    { path: '/api/state', methods: { GET: async () => ok(await operations.state()) } },
    {
      path: '/api/connections',
      methods: {
        GET: async ({ query }) => {
          const filter = connectionsQuery.parse(Object.fromEntries(query))
          return ok({ connections: await operations.connections(filter) })
        },
      },
    },
    { path: '/api/events', methods: { GET: 'events' } },
    { path: '/api/frames', methods: { GET: 'frames' } },
    { path: '/api/drain', methods: { POST: ({ body }) => drain(operations, drainBody.parse(body)) } },
    { path: '/api/undrain', methods: { POST: ({ body }) => undrain(operations, undrainBody.parse(body)) } },
    {
      path: '/api/rebalance',
      methods: { POST: ({ body }) => rebalance(operations, rebalanceBody.parse(body)) },
    },
    {
      path: '/api/rebalance/stop',
      methods: {
        POST: () => {
          const stopped = operations.stopRebalance()
          return stopped ? ok(stopped) : problem(404, 'not_found', 'no rebalance is under way')
        },
      },
    },
    { path: '/api/reload', methods: { POST: ({ body }) => reload(operations, reloadBody.parse(body)) } },
    { path: '/api/upgrade', methods: { POST: ({ body }) => upgrade(operations, upgradeBody.parse(body)) } },
    {
      path: '/api/connections/:id/close',
      methods: {
        POST: async ({ id, body }) => {
          const { code: closeCode, reason } = closeBody.parse(body)
          const found = await operations.closeConnection(id, closeCode, reason)
          return found
            ? ok({ closed: id })
            : problem(404, 'no_such_connection', `there is no connection '${id}'`)
        },
      },
    },
    ...loginRoutes(auth),
  ]
  return routes
}

function readiness(operations: Operations): AdminAnswer {
  const reason = operations.unready()
  const detail = operations.troubles?.() ?? []
  const more = detail.length > 0 ? { detail } : {}
  return reason === undefined
    ? ok({ status: 'ready', ...more })
    : { status: 503, body: { status: 'not ready', reason, ...more } }
}

async function exposition(operations: Operations, metrics: Metrics): Promise<AdminAnswer> {
  const body = await metrics.expose(await operations.measure())
  return { status: 200, body, contentType: metrics.contentType }
}

async function drain(
  operations: Operations,
  { wait, ...scope }: z.infer<typeof drainBody>,
): Promise<AdminAnswer> {
  const whole = scope.route === undefined && scope.upstream === undefined
  const done = operations.drain(whole ? undefined : scope)
  if (wait) return ok({ ...scope, ...(await done) })
  done.catch(() => {})
  return { status: 202, body: scope }
}

async function undrain(operations: Operations, scope: z.infer<typeof undrainBody>): Promise<AdminAnswer> {
  return ok({ undrained: await operations.undrain(scope) })
}

async function rebalance(
  operations: Operations,
  { wait, ...how }: z.infer<typeof rebalanceBody>,
): Promise<AdminAnswer> {
  const { done } = operations.rebalance(how)
  if (wait) return ok(await done)
  return { status: 202, body: how }
}

async function reload(operations: Operations, { dryRun }: z.infer<typeof reloadBody>): Promise<AdminAnswer> {
  const result = await (dryRun ? operations.previewReload() : operations.reload())
  if (!result.ok) {
    const words = dryRun ? 'it would be refused' : 'nothing was changed'
    return problem(422, 'not_reloaded', words, { problems: result.problems })
  }
  return ok({ changes: result.changes, notes: result.notes, drained: result.drained })
}

async function upgrade(
  operations: Operations,
  { wait, carry, supervisor, dryRun }: z.infer<typeof upgradeBody>,
): Promise<AdminAnswer> {
  if (dryRun) {
    const preview = await operations.previewUpgrade({ carry })
    return preview.ok ? ok(preview.plan) : problem(422, 'not_upgraded', preview.error)
  }
  const done = operations.upgrade({ carry, supervisor })
  if (!wait) return { status: 202, body: {} }
  const result = await done
  return result.ok ? ok(result.upgrade) : problem(422, 'not_upgraded', result.error)
}

function methodsAndPath({ path, methods }: AdminRoute): string[] {
  return Object.keys(methods).map((method) => `${method} ${path}`)
}
