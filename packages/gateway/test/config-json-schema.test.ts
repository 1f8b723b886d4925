import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { selfSigned } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { configJsonSchema, type JsonSchema, keysAt } from '../src/config/json-schema.ts'
import { linesFor } from './config-text.ts'

const docs = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../docs/${name}`, import.meta.url)), 'utf8')
const schema = configJsonSchema()

test('the schema that editors use is the one of this version', () => {
  // If this fails: npm run build && node tools/render-config-schema.mjs
  expect(JSON.parse(docs('holdfast.schema.json'))).toEqual(JSON.parse(JSON.stringify(schema)))
})

test('every key of the schema says what it does', () => {
  for (const [path, key] of keysOf(schema)) expect([path, typeof key.description]).toEqual([path, 'string'])
})

test.each([
  [[], 'routes'],
  [['listen', 0], 'proxyProtocol'],
  [['listen', 0, 'tls'], 'cert'],
  [['routes', 3, 'upstreams', 0], 'dns'],
  [['routes', 0, 'keepalive'], 'timeout'],
])('keysAt %j knows %s', (path, key) => {
  expect(keysAt(schema, path)).toContain(key)
})

test('keysAt knows nothing where there is no mapping', () => {
  expect(keysAt(schema, ['workers'])).toEqual([])
  expect(keysAt(schema, ['no', 'such', 0])).toEqual([])
})

describe('docs/configuration.md', () => {
  const page = docs('configuration.md')
  const rows = [...page.matchAll(/^\| `([^`]+)` \|([^|]*)\|/gm)].map(
    ([, key, usual]) => [key!, usual!.trim()] as const,
  )

  test('describes every key of the schema, and no other', () => {
    const inSchema = keysOf(schema).map(([path]) => path)
    expect(rows.map(([key]) => key).sort()).toEqual(inSchema.sort())
  })

  test('gives the defaults of the schema', () => {
    const usual = new Map(rows)
    for (const [path, key] of keysOf(schema)) {
      if (key.default === undefined || isSection(key)) continue
      const text =
        typeof key.default === 'string' ? key.default : JSON.stringify(key.default).replaceAll('"', '')
      expect([path, usual.get(path)?.replaceAll('`', '').replaceAll(', ', ',')]).toEqual([path, text])
    }
  })

  test('has examples that are valid', async () => {
    const examples = [...page.matchAll(/^```(?:yaml|json)\n(.*?)^```/gms)].map(([, text]) => text!)
    expect(examples).toHaveLength(2)
    const { cert, key } = selfSigned({ names: ['chat.example.com'] })
    const readFile = async (path: string) => (path.endsWith('cert.pem') ? cert : key)
    for (const text of examples) {
      expect(await linesFor(text, { env: { HOLDFAST_ADMIN_TOKEN: 'x' }, readFile })).toEqual([])
    }
  })
})

/** Every key of a schema with its path; `[]` for any place in a list. */
function keysOf(part: JsonSchema, around = ''): [path: string, key: JsonSchema][] {
  const here = Object.entries(part.properties ?? {}).flatMap(([name, key]): [string, JsonSchema][] => {
    const path = around ? `${around}.${name}` : name
    return [[path, key], ...keysOf(key, path)]
  })
  const inside = part.items && !Array.isArray(part.items) ? keysOf(part.items, `${around}[]`) : []
  const forms = (part.anyOf ?? []).flatMap((form) => keysOf(form, around))
  return [...here, ...inside, ...forms]
}

function isSection(key: JsonSchema): boolean {
  return key.properties !== undefined || JSON.stringify(key.default) === '{}'
}
