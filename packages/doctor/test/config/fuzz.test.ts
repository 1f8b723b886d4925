import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readFromDisk } from '../../src/config/files.ts'
import { readProxyConfig } from '../../src/config/index.ts'
import { type ConfigKind, configKinds } from '../../src/config/kinds.ts'
import { fixtures } from './fixtures.ts'

const kindOf: Readonly<Record<string, ConfigKind>> = { ingress: 'kubernetes', 'gateway-api': 'kubernetes' }
const texts = (kind: ConfigKind) => fixtures.filter((one) => (kindOf[one.kind] ?? one.kind) === kind)

/** Pieces that mean something in one language or another. */
const pieces = fc.constantFrom(
  ...[
    '{',
    '}',
    ';',
    '"',
    "'",
    '\\',
    '\n',
    '\t',
    '#',
    '<',
    '>',
    '</',
    '`',
    '$',
    '${',
    '(',
    ')',
    '[',
    ']',
    ',',
    ':',
  ],
  ...[
    'include',
    'import',
    'map $http_upgrade $a',
    '*a',
    '&a',
    '<<: *a',
    '---',
    '- ',
    '? ',
    '[[',
    '<<EOF',
    'if',
  ],
  ...[
    'proxy_pass http://a',
    'server',
    'location ~ (',
    'timeout tunnel',
    'acl a hdr(Upgrade)',
    'header_up -Upgrade',
  ],
  ...[
    'RewriteCond %{HTTP:Upgrade} (',
    'ProxyPass',
    '@type',
    'null',
    '~',
    '!!js',
    '999999999999s',
    '\u0000',
    '\uD800',
  ],
)
const junk = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.array(pieces).map((list) => list.join(' ')),
)

/** A text with some of its parts cut out, doubled, or replaced. */
function mutated(text: string): fc.Arbitrary<string> {
  const place = fc.nat({ max: text.length })
  const change = fc.record({
    from: place,
    length: fc.nat({ max: 60 }),
    put: fc.oneof(fc.constant(''), pieces, junk),
  })
  return fc.array(change, { minLength: 1, maxLength: 8 }).map((changes) =>
    changes.reduce((now, { from, length, put }) => {
      const keep = put === '' && length % 2 === 0 ? now.slice(from, from + length) : ''
      return now.slice(0, from) + keep + put + now.slice(from + length)
    }, text),
  )
}

/** What any reading must be. */
function isSound(text: string, kind?: ConfigKind): void {
  const started = process.cpuUsage()
  const { findings, problems } = readProxyConfig([{ path: 'conf/fuzzed', text }], {
    ...(kind && { kind }),
    read: () => [],
  })
  // Microseconds of processor time: the machine may be busy with something else.
  expect(process.cpuUsage(started).user).toBeLessThan(2_000_000)
  const lines = text.split(/\r\n?|\n/).length
  for (const { where } of findings) {
    expect(where).toMatchObject({ file: 'conf/fuzzed' })
    if (where && 'line' in where) expect(where.line).toBeLessThanOrEqual(lines)
    if (where && 'line' in where) expect(where.line).toBeGreaterThanOrEqual(1)
  }
  for (const { line, message } of problems) {
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines + 1)
    expect(message).not.toBe('')
  }
}

describe.each(configKinds)('the reader of %s', (kind) => {
  test('survives any text', () => {
    fc.assert(
      fc.property(junk, (text) => isSound(text, kind)),
      { numRuns: 300 },
    )
  })

  test('survives its fixtures with parts changed', () => {
    const files = fc.constantFrom(...texts(kind).map(({ text }) => text))
    fc.assert(
      fc.property(files.chain(mutated), (text) => isSound(text, kind)),
      { numRuns: 500 },
    )
  })

  test('survives the fixtures of others', () => {
    for (const { text } of fixtures) isSound(text, kind)
  })
})

test('a text of no known kind is survived', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        junk,
        fc.constantFrom(...fixtures).chain(({ text }) => mutated(text)),
      ),
      (text) => isSound(text),
    ),
    {
      numRuns: 500,
    },
  )
})

test('includes that lead to anything are survived', () => {
  const text = 'http { include a; include b/*; include ../c; include /d/[x; } '
  const answers = fc.array(
    fc.record({ path: fc.constantFrom('a', 'b', '-', 'c'), text: fc.oneof(fc.constant(text), junk) }),
  )
  fc.assert(
    fc.property(answers, (files) => {
      readProxyConfig(text, { kind: 'nginx', read: () => files })
      readProxyConfig('import a\nimport b/*\n', { kind: 'caddy', read: () => files })
      readProxyConfig('Include a\nIncludeOptional b/*\n', { kind: 'apache', read: () => files })
    }),
  )
  expect(readFromDisk()('/nowhere/[')).toEqual([])
})
