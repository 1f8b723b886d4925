import type { GatewayOptions, ListenOptions } from '../core/index.ts'
import { collide } from './addresses.ts'
import { type ConfigProblem, type Finding, pathText } from './errors.ts'
import type { ConfigResult } from './file.ts'
import { findings } from './issues.ts'
import { configSchema } from './schema.ts'

/** The flags of `holdfast serve` that say what a configuration says otherwise; as typed. */
export interface ConfigFlags {
  /**
   * `HOST:PORT`, in place of every listener of the file.
   *
   * @default that of the file; without one 127.0.0.1:8080
   */
  listen?: string
  /**
   * URLs. In place of every route of the file: one route, `default`, for all requests.
   *
   * @default the routes of the file, which is then compulsory
   */
  upstreams?: readonly string[]
  /**
   * `HOST:PORT` or `off`. The token of the file stays.
   *
   * @default that of the file; without one 127.0.0.1:10120
   */
  admin?: string
  /**
   * How many worker processes, from 1 to 256, or `auto`.
   *
   * @default that of the file; without one `auto`
   */
  workers?: string | number
}

/**
 * Makes options of flags, for `holdfast serve --upstream URL` without a file; or lays flags over those of a file,
 * `base`. Without `listen` and `admin` from either: 127.0.0.1:8080 and 127.0.0.1:10120.
 */
export function optionsFromFlags(flags: ConfigFlags, base?: GatewayOptions): ConfigResult {
  const upstreams = flags.upstreams?.length ? flags.upstreams : undefined
  if (!upstreams && !base) return { ok: false, problems: [nothingToServe] }
  const written = asWritten(flags, base)
  const parsed = configSchema.safeParse(written)
  if (!parsed.success) {
    const problems = findings(parsed.error.issues, written).map((one) => asProblem(one, flags))
    return { ok: false, problems }
  }
  const { admin, workers, trustedProxies = [], pending, drain, upgrade, routes } = parsed.data
  // Flags name no files, so that there is nothing to read.
  const listen = parsed.data.listen as ListenOptions[]
  if (!base) {
    const options = { listen, admin, workers, trustedProxies, pending, drain, upgrade, routes }
    return { ok: true, options, warnings: [] }
  }
  const options: GatewayOptions = {
    ...base,
    ...(flags.listen !== undefined && { listen }),
    ...(flags.admin !== undefined && { admin }),
    ...(flags.workers !== undefined && { workers }),
    ...(upstreams && { routes }),
  }
  const operator = options.admin
  const index = operator ? options.listen.findIndex((one) => collide(one, operator)) : -1
  if (index < 0) return { ok: true, options, warnings: [] }
  const predicate = `uses the same port as listen[${index}]`
  const finding: Finding = { path: ['admin'], part: 'value', predicate, whole: false }
  return { ok: false, problems: [asProblem(finding, flags)] }
}

const nothingToServe: ConfigProblem = {
  level: 'error',
  flag: '--upstream',
  path: 'routes',
  message: 'is missing',
  fix: 'name a server with --upstream ws://localhost:3000, or a configuration file with -c; `holdfast init` writes one',
}

/** The flags as a configuration would have them. What `base` holds already is filled in with something harmless. */
function asWritten(flags: ConfigFlags, base: GatewayOptions | undefined): object {
  const { listen, admin, workers, upstreams } = flags
  const token = base?.admin ? base.admin.token : undefined
  const withToken = admin !== undefined && admin !== 'off' && token !== undefined
  return {
    listen: listen ?? (base && '127.0.0.1:0'),
    admin: withToken ? { address: admin, token } : (admin ?? (base && 'off')),
    workers: typeof workers === 'string' && /^\d{1,9}$/.test(workers) ? Number(workers) : workers,
    routes: [{ name: 'default', upstreams: upstreams?.length ? upstreams : ['ws://localhost'] }],
  }
}

const flagOf: Record<string, keyof ConfigFlags> = {
  listen: 'listen',
  admin: 'admin',
  workers: 'workers',
  routes: 'upstreams',
}

function asProblem({ path, predicate, fix }: Finding, flags: ConfigFlags): ConfigProblem {
  const meant = flagOf[String(path[0])] ?? 'upstreams'
  // The admin port that --listen collides with may be the one of the file, or the usual one.
  const name = meant === 'admin' && flags.admin === undefined ? 'listen' : meant
  const message = name === meant ? predicate : 'uses the port of the admin address'
  const flag = name === 'upstreams' ? '--upstream' : `--${name}`
  return { level: 'error', flag, path: pathText(path), message, ...(fix && { fix }) }
}
