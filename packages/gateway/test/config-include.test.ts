// A configuration in several files.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { certificate } from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatProblem } from '../src/config/errors.ts'
import { type ConfigResult, loadConfigFile } from '../src/config/file.ts'

/** A folder with these files, of which holdfast.yaml is the first; gone at the end. */
function files(texts: Record<string, string | Uint8Array>) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-include-'))
  const at = (name: string) => join(folder, name)
  const write = (name: string, text: string | Uint8Array) => {
    mkdirSync(dirname(at(name)), { recursive: true })
    writeFileSync(at(name), text)
  }
  for (const [name, text] of Object.entries(texts)) write(name, text)
  const short = (text: string) => text.replaceAll(`${folder}/`, '')
  return {
    at,
    write,
    load: () => loadConfigFile(at('holdfast.yaml')),
    async lines() {
      const result = await loadConfigFile(at('holdfast.yaml'))
      return (result.ok ? result.warnings : result.problems).map((one) => short(formatProblem(one)))
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}

function optionsOf(result: ConfigResult) {
  if (!result.ok) throw new Error(result.problems.map(formatProblem).join('\n'))
  return result.options
}

const route = (name: string, keys = '') =>
  `  - { name: ${name}, match: { path: /${name} }, upstreams: [ws://b]${keys} }\n`
const routes = (...names: string[]) => `routes:\n${names.map((name) => route(name)).join('')}`

describe('lists of several files are one', () => {
  test('in the order of the patterns, and of the names that they match', async () => {
    using given = files({
      'holdfast.yaml': `include: [routes/*.yaml, 'more/?x.yaml', last.json]\nlisten: 127.0.0.1:1\n${routes('own')}`,
      'routes/20-b.yaml': routes('b'),
      'routes/10-a.yaml': `trustedProxies: [10.0.0.0/8]\nlisten: [127.0.0.1:2]\n${routes('a')}`,
      'routes/3.yaml': '# nothing yet\n',
      'routes/.hidden.yaml': routes('hidden'),
      'routes/a.yaml~': routes('backup'),
      'more/ax.yaml': `include: below/x.yaml\n${routes('x1', 'x2')}`,
      'more/below/x.yaml': routes('below'),
      'more/axx.yaml': routes('axx'),
      'last.json': JSON.stringify({ $schema: 'x', drain: { spread: '1s' }, trustedProxies: ['::1'] }),
    })
    const options = optionsOf(await given.load())
    expect(options.routes.map(({ name }) => name)).toEqual(['own', 'a', 'b', 'x1', 'x2', 'below'])
    expect(options.listen.map(({ port }) => port)).toEqual([1, 2])
    expect(options.trustedProxies).toEqual(['10.0.0.0/8', '::1'])
    expect(options.drain.spread).toBe(1000)
  })

  test('folders can be patterns, too, and what else is in their folder is passed over', async () => {
    using given = files({
      'holdfast.yaml': "include: ['apps/*/gateway/*.yaml']\n",
      'apps/b/gateway/b.yaml': routes('b'),
      'apps/a/gateway/a.yaml': routes('a'),
      'apps/README': '',
      'apps/c/other.yaml': routes('c'),
    })
    expect(optionsOf(await given.load()).routes.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  test('a file is read once, whatever matches it: itself, links to it, and another pattern', async () => {
    using given = files({
      'holdfast.yaml': `include: ['*.yaml', 'a*.yaml']\n${routes('own')}`,
      'a.yaml': routes('a'),
    })
    expect(optionsOf(await given.load()).routes.map(({ name }) => name)).toEqual(['own', 'a'])
  })

  test('files are found relative to the one that names them', async () => {
    const { cert, key } = certificate()
    using given = files({
      'holdfast.yaml': 'include: [sites/a/site.yaml]\n',
      'sites/a/site.yaml': `listen: [{ address: 127.0.0.1:0, tls: { cert: cert.pem, key: ../key.pem } }]\nlog: { access: access.log }\n${routes('a')}`,
      'sites/a/cert.pem': cert,
      'sites/key.pem': key,
    })
    const options = optionsOf(await given.load())
    expect(options.listen[0]!.tls).toEqual({ cert, key })
    expect(options.accessLog?.access).toEqual({ file: given.at('sites/a/access.log') })
  })

  test('a variable may name them', async () => {
    using given = files({
      'holdfast.yaml': 'include: [env/$HOLDFAST_TEST_ENV.yaml]\n',
      'env/staging.yaml': routes('staging'),
    })
    process.env.HOLDFAST_TEST_ENV = 'staging'
    try {
      expect(optionsOf(await given.load()).routes.map(({ name }) => name)).toEqual(['staging'])
    } finally {
      delete process.env.HOLDFAST_TEST_ENV
    }
  })
})

describe('what is wrong is said where it stands', () => {
  test('with line, column and path of its own file', async () => {
    using given = files({
      'holdfast.yaml': `include: [routes/*.yaml]\n${routes('own')}zebra: 1\n`,
      'routes/a.yaml': `routes:\n  - name: own\n    upstream: [ws://b]\n`,
      'routes/b.yaml': `# first\n${routes('b')}${route('c', ', wait: 5')}`,
      'routes/c.yaml': 'routes:\n\t- name: a\n',
      'routes/d.yaml': 'drain: { sprad: 1s }\n',
      'routes/e.yaml': Buffer.from([0x61, 0x0a, 0xff]),
      'routes/f.yaml': '- 1\n',
    })
    expect(await given.lines()).toEqual([
      'holdfast.yaml:1:11: include[0] names routes/e.yaml, which is not valid UTF-8 in line 2; save it as UTF-8',
      expect.stringMatching(/^holdfast\.yaml:4:1: unknown key 'zebra'; /),
      expect.stringMatching(/^routes\/a\.yaml:2:5: missing key 'upstreams' in routes\[0\]; /),
      "routes/a.yaml:2:11: routes[0].name is a second route 'own'; give each route a name of its own",
      "routes/a.yaml:3:5: unknown key 'upstream' in routes[0]; did you mean 'upstreams'?",
      expect.stringMatching(
        /^routes\/b\.yaml:4:\d+: routes\[1\]\.wait must be a duration .*; write 5s or 5ms/,
      ),
      expect.stringMatching(/^routes\/c\.yaml:2:1: .*; indent with spaces$/),
      "routes/d.yaml:1:10: unknown key 'sprad' in drain; did you mean 'spread'?",
      'routes/f.yaml:1:1: the file must be a mapping of keys, such as routes; write routes: above the list',
    ])
  })

  test('a key that is given twice, and what another file has', async () => {
    using given = files({
      'holdfast.yaml': `drain: { spread: 1s }\ninclude: [a.yaml]\n${routes('own', 'other')}`,
      'a.yaml': `drain: { spread: 2s }\nroutes:\n  - { name: fine, upstreams: [ws://b], match: { path: /fine } }\n  - { name: other, upstreams: [ws://b], match: { path: /other } }\n`,
    })
    expect(await given.lines()).toEqual([
      'a.yaml:1:1: drain is given in holdfast.yaml:1 already; leave it out of one of them',
      "a.yaml:4:13: routes[1].name is a second route 'other'; give each route a name of its own",
    ])
    given.write('a.yaml', 'routes:\n  - { name: fine, upstreams: [ws://b], match: { path: /other } }\n')
    expect(await given.lines()).toEqual([
      'a.yaml:2:5: warning: routes[0] is never reached: routes[1] in holdfast.yaml (other) matches all its requests; put it before routes[1] in holdfast.yaml',
    ])
  })

  test.each([
    ['none.yaml', /include names none\.yaml, which does not exist; check the path$/],
    ['folder', /include names folder, which is a directory; name a file in it$/],
    [
      'pipe.yaml',
      /include names pipe\.yaml, which is not a regular file; name a file, not a pipe or a device$/,
    ],
    ["'none/*.yaml'", /include names the folder none, which does not exist; check the path$/],
    ["'folder/*'", /include names folder\/deeper, which is a directory; name a file in it$/],
    ["'**/*.yaml'", /include must not hold \*\*; write a pattern for each folder$/],
    ['[holdfast.yaml]', /include\[0\] names holdfast\.yaml, which is read already; name each file once$/],
    ['[b.yaml, ./b.yaml]', /include\[1\] names b\.yaml, which is read already; name each file once$/],
    [
      'cycle.yaml',
      /^cycle\.yaml:1:10: include names holdfast\.yaml, which is read already; name each file once$/,
    ],
    ['[]', /include must be a list of files, such as \[routes\/\*\.yaml\]$/],
    ['{ a: b }', /include must be a list of files/],
    ['[5]', /include\[0\] must be a file such as routes\/\*\.yaml$/],
    ['big.yaml', /include names big\.yaml, which is larger than 1 MiB$/],
    ['deep/0.yaml', /^deep\/7\.yaml:1:10: include is nested deeper than 8 files$/],
    ['self/loop.yaml', /include is nested deeper than 8 files$/],
    ['$NO_SUCH_VARIABLE', /include names NO_SUCH_VARIABLE, which is not set/],
  ])('include: %s', async (include, words) => {
    using given = files({
      'holdfast.yaml': `include: ${include}\n${routes('own')}`,
      'b.yaml': '',
      'cycle.yaml': 'include: holdfast.yaml\n',
      'folder/deeper/x.yaml': '',
      'big.yaml': `#${'x'.repeat(1024 * 1024)}\n`,
      'self/loop.yaml': 'include: next/loop.yaml\n',
      ...Object.fromEntries(
        Array.from({ length: 12 }, (_, i) => [`deep/${i}.yaml`, `include: ${i + 1}.yaml\n`] as const),
      ),
    })
    symlinkSync('.', given.at('self/next'))
    execFileSync('/bin/sh', ['-c', 'mkfifo "$0"', given.at('pipe.yaml')])
    expect(await given.lines()).toEqual([expect.stringMatching(words)])
  })

  test('a pattern that matches nothing is a warning', async () => {
    using given = files({ 'holdfast.yaml': `include: 'conf/*.yaml'\n${routes('own')}`, 'conf/a.yml': '' })
    expect(await given.lines()).toEqual([
      expect.stringMatching(/^holdfast\.yaml:1:10: warning: include matches no file: 'conf\/\*\.yaml'$/),
    ])
  })

  test('more files, and more bytes, than a configuration can need', async () => {
    using given = files({ 'holdfast.yaml': `include: 'many/*'\n${routes('own')}` })
    for (let i = 0; i < 300; i++) given.write(`many/${1000 + i}`, '')
    expect((await given.lines())[0]).toMatch(/include makes more than 256 files$/)
    given.write('holdfast.yaml', `include: 'large/*'\n${routes('own')}`)
    for (let i = 0; i < 5; i++) given.write(`large/${i}`, `#${'x'.repeat(1_000_000)}\n`)
    expect((await given.lines())[0]).toMatch(/include makes more than 4 MiB, all files together$/)
  })
})

test('any files at all are read without a crash, and every problem has its place', async () => {
  const name = fc.constantFrom('holdfast.yaml', 'a.yaml', 'd/b.yaml', 'd/c.yaml')
  const include = fc.array(
    fc.oneof(
      name,
      fc.constantFrom('*', 'd/*', '*.yaml', '../a.yaml', 'd', '$X', '', '/', '?', '***', 'b.yaml', '..'),
    ),
    { maxLength: 3 },
  )
  const body = fc.constantFrom(
    '',
    routes('a'),
    'routes:\n',
    'listen: 1\n',
    'drain: {}\n',
    'x: [\n',
    'routes: [[]]\n',
    'listen: {}\n',
  )
  const text = fc.tuple(include, body).map(([names, rest]) => `include: ${JSON.stringify(names)}\n${rest}`)
  await fc.assert(
    fc.asyncProperty(text, text, text, text, async (main, a, b, c) => {
      using given = files({ 'holdfast.yaml': main, 'a.yaml': a, 'd/b.yaml': b, 'd/c.yaml': c })
      const result = await given.load()
      for (const one of result.ok ? result.warnings : result.problems) {
        expect(one.line).toBeGreaterThanOrEqual(1)
        expect(formatProblem(one)).not.toMatch(/undefined|NaN|\[object/)
      }
    }),
    { numRuns: 150 },
  )
})
