import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import ts from 'typescript-6'
import { describe, expect, it } from 'vitest'
import { configSchema } from '../../../packages/gateway/src/config/schema.ts'
import { defaults as restartDefaults } from '../../../packages/restart/src/options.ts'
import { apiPages } from '../src/api/api-pages.ts'
import { type Item, readApi } from '../src/api/read-api.ts'
import { repository } from '../src/repository.ts'

const entries = readApi(repository)

/** Everything that a user can name: what is exported, and its members. */
const all = entries.flatMap(({ specifier, items }) =>
  items.flatMap((item) => [
    [`${specifier} ${item.name}`, item] as const,
    ...item.members.map((member) => [`${specifier} ${item.name}.${member.name}`, member] as const),
  ]),
)

/** The first words of the docstring of a number: its unit, or what it counts or names. */
const unit =
  /^(Milliseconds|Unix milliseconds|Seconds|Bytes|Bits|How many|Close codes?|HTTP statuses|TCP port|Process id|Share|(Line|Column) number|Number of)\b/

/** A number, a number or nothing, a list of numbers, numbers by name; also as what a method returns. */
const aNumber =
  /^(readonly )?[[(]?(\w+: )?(number|MonotonicMs|UnixMs)\b|^(Readonly<)?Record<[\w.]+, number>>?$/

/** What stands behind the last `):` of a method, or behind the name of a property. */
function typeOf({ signature }: Item): string {
  const [, type = ''] = /^[^(]*?\??: (.*)$/s.exec(signature) ?? /\): ([^()]*)$/.exec(signature) ?? []
  return type
}

const defaultOf = ({ tags }: Item) => tags.find(([tag]) => tag === 'default')?.[1]

/** Members of what a caller fills in: options, and their like. */
const options = all.filter(([name, { kind }]) => kind === 'member' && /(Options|Deps|Flags)\./.test(name))

describe('the interface of the packages', () => {
  it('has a docstring for everything that can be imported, and for each of its members', () => {
    expect(all.length).toBeGreaterThan(500)
    expect(all.filter(([, { text }]) => text === '').map(([name]) => name)).toEqual([])
  })

  it('shows nothing private, and nothing twice', () => {
    const names = all.map(([name]) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    expect(names.filter((name) => /\.(#|_|prototype$)/.test(name))).toEqual([])
  })

  it('makes links of what is referred to', () => {
    const pages = apiPages(repository).map(({ body }) => body.text)
    expect(pages.filter((page) => page.includes('{@link') || page.includes('](http'))).toEqual([])
    const client = pages.find((page) => page.includes('<h1>@holdfast/client</h1>'))
    expect(client).toContain('href="https://www.rfc-editor.org/rfc/rfc6455.html#section-7.1.4"')
    const errors = pages.find((page) => page.includes('<h1>@holdfast/gateway</h1>'))
    expect(errors).toContain('<a href="#formatProblem">')
  })

  it('begins the docstring of a number with its unit, or with what it counts', () => {
    const numbers = all.filter(([, item]) => item.kind === 'member' && aNumber.test(typeOf(item)))
    expect(numbers.length).toBeGreaterThan(100)
    expect(numbers.filter(([, { text }]) => !unit.test(text)).map(([name]) => name)).toEqual([])
  })

  it('says by @default what an option is when it is left out', () => {
    const optional = options.filter(([, { signature }]) => /^(readonly )?\w+\?:/.test(signature))
    expect(optional.length).toBeGreaterThan(60)
    expect(optional.filter(([, item]) => !defaultOf(item)).map(([name]) => name)).toEqual([])
  })

  it('says what is thrown by @throws and nowhere else', () => {
    const inWords = /(?<!never )\b(throws|rejects with)\b/i
    // What a callback of the caller's throws, or a browser.
    const ofOthers = /what it\sthrows|which\sthrows/i
    const told = all.filter(([, { kind }]) => kind === 'function' || kind === 'member')
    const wrong = told.filter(([, { text }]) => inWords.test(text) && !ofOthers.test(text))
    expect(wrong.map(([name]) => name)).toEqual([])
  })
})

describe('what throws', () => {
  it('has @throws, where a function or a method that can be called has a throw of its own', () => {
    const found = throwing()
    expect(found).toContain('preset')
    const silent = all.filter(([name, { tags }]) => {
      const [, what] = name.split(' ')
      return found.includes(what!) && !tags.some(([tag]) => tag === 'throws')
    })
    expect(silent.map(([name]) => name)).toEqual([])
  })
})

/** Exported functions and public methods with a `throw` in their own body, as `name` and `Class.name`. */
function throwing(): string[] {
  const found: string[] = []
  for (const name of ['client', 'restart', 'close-codes', 'doctor', 'gateway']) {
    const folder = join(repository, 'packages', name, 'src')
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue
      const source = ts.createSourceFile(
        file,
        readFileSync(join(folder, file), 'utf8'),
        ts.ScriptTarget.ES2023,
      )
      ts.forEachChild(source, (node) => {
        if (ts.isFunctionDeclaration(node) && node.name && throws(node.body)) found.push(node.name.text)
        if (!ts.isClassDeclaration(node)) return
        for (const member of node.members) {
          const own = ts.isConstructorDeclaration(member)
            ? 'constructor'
            : ts.isMethodDeclaration(member) && ts.isIdentifier(member.name) && member.name.text
          if (own && throws((member as ts.MethodDeclaration).body)) found.push(`${node.name?.text}.${own}`)
        }
      })
    }
  }
  return found
}

/** Not in a function within it, and not caught by it. */
function throws(node: ts.Node | undefined): boolean {
  if (!node || ts.isFunctionLike(node)) return false
  if (ts.isThrowStatement(node)) return true
  if (ts.isTryStatement(node) && node.catchClause) return throws(node.catchClause.block)
  return ts.forEachChild(node, (child) => throws(child) || undefined) ?? false
}

describe('defaults', () => {
  it('are those of the source, in the client', () => {
    const folder = join(repository, 'packages/client/src')
    const source = ['reconnecting-websocket.ts', 'transport.ts']
      .map((file) => readFileSync(join(folder, file), 'utf8').replace(/\/\*\*.*?\*\//gs, ''))
      .join('\n')
    const checked = defaultsOf('@holdfast/client', /Options$/).flatMap(([name, said]) => {
      const values = [
        ...source.matchAll(
          new RegExp(`\\b${name} (?:=|\\?\\?) ([\\d_]+(?: \\*\\* \\d+)?|Infinity|'\\S+')`, 'g'),
        ),
      ]
      for (const [, value] of values) expect([name, say(runInNewContext(value!))]).toEqual([name, said])
      return values.length > 0 ? [name] : []
    })
    expect(checked.sort()).toEqual([
      'bytes',
      'connectTimeout',
      'interval',
      'maxRetries',
      'messages',
      'minUptime',
      'overflow',
      'timeout',
    ])
  })

  it('are those that hold, in restart', () => {
    const said = Object.fromEntries(defaultsOf('@holdfast/restart', /Options$/))
    expect(said).toMatchObject(
      Object.fromEntries(Object.entries(restartDefaults).map(([name, value]) => [name, say(value)])),
    )
  })

  it('are those of the schema and of docs/configuration.md, in the gateway', () => {
    const checked = Object.entries(places).flatMap(([interfaceName, [prefix, values]]) => {
      const said = Object.fromEntries(defaultsOf('@holdfast/gateway', new RegExp(`^${interfaceName}$`)))
      const members = entries
        .find(({ specifier }) => specifier === '@holdfast/gateway')!
        .items.find(({ name }) => name === interfaceName)!.members
      return members.flatMap(({ name }) => {
        const written = documented.get(`${prefix}${name}`)
        if (written === undefined) return []
        const value = say((values as Record<string, unknown>)[name])
        const right = /^(\[?\d|true|false)/.test(value)
          ? [value, `${value} (${written})`]
          : [`'${written}'`, written]
        expect(right, `${interfaceName}.${name}`).toContain(said[name])
        return [`${prefix}${name}`]
      })
    })
    const notOptions = /^routes\[\]\.(keepalive|hold\.replay\..*)$/
    const held = [...documented.keys()].filter((key) => !notOptions.test(key) && key !== 'sessions')
    expect(checked.sort()).toEqual(held.sort())
  })
})

/** A value as `@default` has it. */
function say(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  return Array.isArray(value) ? `[${value.map(say).join(', ')}]` : String(value)
}

/** Name and `@default` of the members of interfaces, without what stands in brackets behind a value of the client's. */
function defaultsOf(specifier: string, interfaceName: RegExp): [string, string][] {
  const { items } = entries.find((entry) => entry.specifier === specifier)!
  return items
    .filter(({ name }) => interfaceName.test(name))
    .flatMap(({ members }) => members)
    .flatMap((member) => {
      const said = defaultOf(member)
      return said === undefined ? [] : [[member.name, said.replace(/ \(1 MiB\)$/, '')]]
    })
}

/** Keys and defaults of docs/configuration.md that have one. */
const documented = new Map(
  [
    ...readFileSync(join(repository, 'docs/configuration.md'), 'utf8').matchAll(
      /^\| `([^`]+)` \| `([^`]+)` \|/gm,
    ),
  ].map(([, key, value]) => [key!, value!]),
)

const parsed = configSchema.parse({
  fleet: { name: 'a', store: 'redis://localhost', secret: '$SECRET' },
  log: {},
  acme: { agreed: true },
  listen: [
    {
      address: '127.0.0.1:8443',
      tls: { cert: 'cert.pem', key: 'key.pem' },
      clientCertificates: { ca: 'ca.pem' },
    },
  ],
  routes: [
    {
      name: 'a',
      upstreams: [{ url: 'wss://localhost', tls: {} }],
      health: {},
      hold: {},
      resume: {},
      auth: { url: 'http://localhost' },
    },
  ],
})
const [route] = parsed.routes

/** The options, where their keys stand in a configuration, and what the schema makes of one that gives none. */
const places: Record<string, [prefix: string, values: object]> = {
  GatewayOptions: ['', parsed],
  FleetOptions: ['fleet.', parsed.fleet!],
  ListenOptions: ['listen[].', parsed.listen[0]!],
  ClientCertificateOptions: ['listen[].clientCertificates.', parsed.listen[0]!.clientCertificates!],
  AcmeOptions: ['acme.', { ...parsed.acme!, directory: 'letsencrypt' }],
  UpgradeOptions: ['upgrade.', parsed.upgrade],
  PendingOptions: ['pending.', parsed.pending],
  DrainOptions: ['drain.', parsed.drain],
  RouteOptions: ['routes[].', route!],
  UpstreamOptions: ['routes[].upstreams[].', route!.upstreams[0]!],
  UpstreamTlsOptions: ['routes[].upstreams[].tls.', route!.upstreams[0]!.secure!],
  TimeoutOptions: ['routes[].timeouts.', route!.timeouts],
  HealthOptions: ['routes[].health.', route!.health!],
  KeepaliveOptions: ['routes[].keepalive.', route!.keepalive as object],
  CloseCodeOptions: ['routes[].closeCodes.', route!.closeCodes],
  HoldOptions: ['routes[].hold.', route!.hold!],
  ResumeOptions: ['routes[].resume.', route!.resume!],
  LimitOptions: ['routes[].limits.', route!.limits],
  AuthOptions: ['routes[].auth.', route!.auth!],
  AccessLogOptions: ['log.', { ...parsed.log! }],
}
