// A fix that says what to write must be one: applied, its place in the configuration is not at fault any more.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { readAddress, readOrigin, readPathPattern, readUpstream } from '../src/config/addresses.ts'
import { Wrong } from '../src/config/errors.ts'
import { parseConfig } from '../src/config/file.ts'
import { readBalance, readDuration, readSize } from '../src/config/units.ts'
import { anyText, full } from './config-text.ts'

/** The texts that a fix proposes. */
function proposed(fix: string | undefined): string[] {
  const [, meant] = /^did you mean '(.*)'\?$/.exec(fix ?? '') ?? []
  if (meant !== undefined) return [meant]
  const [, first, second] =
    /^write (\S+?)(?: or (\S+)|, or (?:\S+) for every interface)?$/.exec(fix ?? '') ?? []
  return [first, second].filter((text) => text !== undefined)
}

const words = [
  'unix:/run/app.sock', 'unix:///run/app.sock', 'http+unix://x', 'file:/x', 'tcp://a:1', 'mailto:a', 'localhost:99999',
  '::1', '[::1]', 'a b', 'a:b', '99999', ':70000', '::1:99999', 'fe80::1%eth0', 'wss://a/b?c', 'ws:/a', 'wsx://a b', 'htp://',
  '/run/app.sock', 'a*b*', '0', '00', '0s', '0k', '99h', '25hours', '999999999999', '9999999999999g', 'hash(cooky:)', 'hash(heder:a b)',
  'hash(adress)', 'ws', '1.5', 'x//y', '../a', 'a%20b', 'a?b', 'http://[', 'wss://h:70000', 'localhost:',
] // biome-ignore format: a list of words
const anyWord = fc.oneof(
  fc.constantFrom(...words),
  fc.stringMatching(/^[a-z0-9:/.[\]*+%-]{0,20}$/),
  anyText(20),
)

test.each([
  ['an address', readAddress],
  ['an upstream', readUpstream],
  ['an origin', readOrigin],
  ['a path', readPathPattern],
  ['a duration', (text: string) => readDuration(text)],
  ['a duration from 1 ms', (text: string) => readDuration(text, 1)],
  ['a size', (text: string) => readSize(text, 1)],
  ['a way to balance', readBalance],
] as [string, (text: string) => unknown][])(
  'what is proposed in place of any text for %s is one',
  (_, read) => {
    const check = (text: string) => {
      const wrong: unknown = read(text)
      if (!(wrong instanceof Wrong)) return
      for (const fix of proposed(wrong.fix)) expect(read(fix), `${text} → ${fix}`).not.toBeInstanceOf(Wrong)
    }
    for (const word of words) check(word)
    fc.assert(fc.property(anyWord, check), { numRuns: 500 })
  },
)

test('a socket of the file system is not proposed as a host', () => {
  for (const text of ['unix:app.sock', 'http+unix://x', '/run/app.sock']) {
    const wrong = readUpstream(text)
    expect(wrong instanceof Wrong && (wrong.fix ?? 'unix:'), text).toMatch(/unix:/)
  }
})

describe('a fix for a value of a whole configuration', () => {
  type Place = [container: Record<PropertyKey, unknown>, key: PropertyKey]

  function places(value: unknown, path: string): [string, Place][] {
    if (typeof value !== 'object' || value === null) return []
    return Object.entries(value).flatMap(([key, inner]) => {
      const at = Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key
      return [[at, [value as Record<PropertyKey, unknown>, key]] as [string, Place], ...places(inner, at)]
    })
  }

  const problemsOf = async (value: unknown) => {
    const result = await parseConfig(stringify(value), {
      file: 'holdfast.yaml',
      env: { TOKEN: 'c2VjcmV0' },
      readFile: () => Promise.reject(new Error('no files here')),
    })
    return result.ok ? [] : result.problems
  }

  test('mends that value', async () => {
    const paths = places(parse(full), '').map(([path]) => path)
    const values = fc.oneof(
      anyWord,
      fc.integer(),
      fc.double(),
      fc.constantFrom(0, 1, 5, 70_000, 1e15, 'yes', 'off', '5', '99999999999'),
    )
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), values, async (path, value) => {
        const root: unknown = parse(full)
        const put = (to: unknown) => {
          const [container, key] = new Map(places(root, '')).get(path)!
          container[key] = to
        }
        put(value)
        for (const problem of (await problemsOf(root)).filter((one) => one.path === path)) {
          const bare = /^write (\d+|true|false)(?: without quotes)?$/.exec(problem.fix ?? '')?.[1]
          for (const fix of bare ? [JSON.parse(bare)] : proposed(problem.fix)) {
            put(fix)
            expect(
              (await problemsOf(root)).filter((one) => one.path === path),
              `${value} → ${fix}`,
            ).toEqual([])
          }
        }
      }),
      {
        numRuns: 400,
        // At fault for what stands beside them, or for what the key is for, and not in themselves.
        examples: [
          ['acme.agreed', 'off'],
          ['drain.spread', '99999'],
          ['routes[0].upstreams[2].dns', '/run/app.sock'],
        ],
      },
    )
  })
})
