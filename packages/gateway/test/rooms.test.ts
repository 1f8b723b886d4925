// The gateway's source is a house of rooms: folders with one way in, in the order of a connection's path. Arrows between
// them go one way. ARCHITECTURE.md has the map.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseSync } from 'oxc-parser'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A room may import from those above it. `gateway.ts` joins the rooms before it, `index.ts` is the package. */
const order = [
  'core',
  'wire',
  'http',
  'trace',
  'listen',
  'acme',
  'upstream',
  'auth',
  'hold/replay',
  'hold',
  'connection',
  'resume',
  'session',
  'handshake',
  'pass',
  'config',
  'gateway-deps.ts',
  'gateway.ts',
  'relay',
  'fleet',
  'operate',
  'worker',
  'process',
  'worker-main.ts',
  'front-main.ts',
  'index.ts',
]

/** Each file of a folder with the files that it imports, types included. */
function importsOf(folder: string): Map<string, string[]> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.tsx?$/.test(name),
  )
  return new Map(
    files.map((file) => {
      const { module } = parseSync(file, readFileSync(join(folder, file), 'utf8'))
      const named = [
        ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
        ...module.staticExports.flatMap(({ entries }) => entries.map((entry) => entry.moduleRequest?.value)),
      ]
      const local = named
        .filter((name) => name?.startsWith('.'))
        .map((name) => normalize(join(dirname(file), name!)))
      return [file, [...new Set(local)].filter((name) => files.includes(name))]
    }),
  )
}

/** Files that import each other, by whatever way. */
function circles(imports: Map<string, string[]>): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const walk = (file: string, path: string[]) => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '))
    if (done.has(file) || path.includes(file)) return
    for (const other of imports.get(file) ?? []) walk(other, [...path, file])
    done.add(file)
  }
  for (const file of imports.keys()) walk(file, [])
  return found
}

/** What breaks the rules of the house. */
function forbidden(imports: Map<string, string[]>): string[] {
  const roomOf = (file: string) => (file.includes('/') ? dirname(file) : file)
  return [...imports].flatMap(([file, others]) =>
    others.flatMap((other) => {
      const [from, to] = [roomOf(file), roomOf(other)]
      if (from === to) return []
      if (order.indexOf(to) > order.indexOf(from)) return [`${file} → ${other}: against the order`]
      // The package itself exports options and plain data whole.
      if (from === 'index.ts') return []
      if (other.includes('/') && !other.endsWith('/index.ts'))
        return [`${file} → ${other}: not by its index.ts`]
      return []
    }),
  )
}

const gateway = importsOf(join(root, 'packages/gateway/src'))

describe('the rooms of the gateway', () => {
  test('are those that are named here, and in ARCHITECTURE.md with a line each', () => {
    const rooms = [...new Set([...gateway.keys()].map((file) => (file.includes('/') ? dirname(file) : file)))]
    expect(rooms.sort()).toEqual([...order].sort())
    const map = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
    for (const room of order.filter((name) => !name.endsWith('.ts')))
      expect(map).toContain(`| \`${room}/\` |`)
  })

  test('have every file named in ARCHITECTURE.md', () => {
    const map = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8')
    const files = [...gateway.keys()].filter((file) => !file.endsWith('index.ts'))
    const names = files.map((file) => file.replace(/^.*\//, ''))
    expect(names.filter((name) => !map.includes(`\`${name}\``) && !map.includes(` ${name} `))).toEqual([])
  })

  test('are entered by their index.ts, and import only from rooms above', () => {
    expect(forbidden(gateway)).toEqual([])
  })

  test('and a forbidden arrow is found', () => {
    expect(forbidden(new Map([['wire/frames.ts', ['hold/index.ts']]]))).toHaveLength(1)
    expect(forbidden(new Map([['hold/hold.ts', ['wire/frames.ts']]]))).toHaveLength(1)
    expect(forbidden(new Map([['hold/hold.ts', ['wire/index.ts', 'hold/hold-reporter.ts']]]))).toEqual([])
  })
})

test.each(['close-codes', 'restart', 'gateway'])('no circle in %s, types included', (name) => {
  expect(circles(importsOf(join(root, 'packages', name, 'src')))).toEqual([])
})

test('a circle is found', () => {
  expect(
    circles(
      new Map([
        ['a.ts', ['b.ts']],
        ['b.ts', ['c.ts']],
        ['c.ts', ['a.ts']],
      ]),
    ),
  ).toEqual(['a.ts → b.ts → c.ts → a.ts'])
})
