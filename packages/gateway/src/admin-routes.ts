// The admin API: each path, its methods, and what they do. HTTP itself is in admin.ts.
import { maxReasonBytes, mayTravel } from '@holdfast/close-codes'
import { z } from 'zod'
import type { Metrics } from './metrics.ts'
import type { Operations } from './operations.ts'

export interface AdminRequest {
  query: URLSearchParams
  /** What stands for `:id` in the path. */
  id: string
  /** The parsed body; an empty object when there is none. */
  body: unknown
}

export interface AdminAnswer {
  status: number
  /** Sent as JSON, or as it is when `contentType` is given. */
  body: unknown
  contentType?: string
}

type Handler = (request: AdminRequest) => AdminAnswer | Promise<AdminAnswer>

export interface AdminRoute {
  path: string
  /** Answers yes or no to anybody: load balancers have no token. */
  probe?: boolean
  /** `stream` stands for the events, which admin.ts writes itself. */
  methods: Partial<Record<'GET' | 'POST', Handler | 'stream'>>
}

/** An answer that is not a success, in the shape that all of them have. */
export function problem(status: number, code: string, message: string, more?: object): AdminAnswer {
  return { status, body: { error: { code, message, ...more } } }
}

const drainBody = z.strictObject({
  route: z.string().optional(),
  upstream: z.string().optional(),
  /** Whether the answer comes when the drain is done; else at once. */
  wait: z.boolean().default(true),
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
  state: z.enum(['open', 'closing']).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
})

export function adminRoutes(operations: Operations, metrics: Metrics): AdminRoute[] {
  const routes: AdminRoute[] = [
    { path: '/', methods: { GET: () => ok({ name: 'holdfast', api: routes.flatMap(methodsAndPath) }) } },
    { path: '/healthz', probe: true, methods: { GET: () => ok({ status: 'ok' }) } },
    { path: '/readyz', probe: true, methods: { GET: () => readiness(operations) } },
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
    { path: '/api/events', methods: { GET: 'stream' } },
    { path: '/api/drain', methods: { POST: ({ body }) => drain(operations, drainBody.parse(body)) } },
    { path: '/api/reload', methods: { POST: () => reload(operations) } },
    {
      path: '/api/upgrade',
      methods: { POST: () => problem(501, 'not_available', 'live upgrade is not available in this version') },
    },
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
  ]
  return routes
}

function readiness(operations: Operations): AdminAnswer {
  const reason = operations.unready()
  return reason === undefined
    ? ok({ status: 'ready' })
    : { status: 503, body: { status: 'not ready', reason } }
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

async function reload(operations: Operations): Promise<AdminAnswer> {
  const result = await operations.reload()
  if (!result.ok) {
    return problem(422, 'not_reloaded', 'nothing was changed', { problems: result.problems })
  }
  return ok({ changes: result.changes, notes: result.notes, drained: result.drained })
}

function ok(body: object): AdminAnswer {
  return { status: 200, body }
}

function methodsAndPath({ path, methods }: AdminRoute): string[] {
  return Object.keys(methods).map((method) => `${method} ${path}`)
}
