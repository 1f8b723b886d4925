import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type ConfigProblem,
  formatProblem,
  listed,
  nearest,
  pathText,
  printable,
  show,
  suggest,
} from '../src/config/errors.ts'
import { anyText } from './config-text.ts'

const problem: ConfigProblem = {
  level: 'error',
  file: 'holdfast.yaml',
  line: 12,
  column: 7,
  path: 'routes[0].upstream',
  message: "unknown key 'upstream' in routes[0]",
  fix: "did you mean 'upstreams'?",
}

describe('formatProblem', () => {
  test('writes file, line, column, message and fix in one line', () => {
    expect(formatProblem(problem)).toBe(
      "holdfast.yaml:12:7: unknown key 'upstream' in routes[0]; did you mean 'upstreams'?",
    )
  })

  test('leaves out what a problem lacks', () => {
    expect(formatProblem({ level: 'error', file: 'a.yaml', path: '', message: 'gone' })).toBe('a.yaml: gone')
    expect(formatProblem({ level: 'error', flag: '--listen', path: 'listen', message: 'must be' })).toBe(
      '--listen: must be',
    )
    expect(formatProblem({ ...problem, level: 'warning', fix: undefined })).toBe(
      "holdfast.yaml:12:7: warning: unknown key 'upstream' in routes[0]",
    )
  })
})

test('pathText writes indices in brackets and quotes odd keys', () => {
  expect(pathText([])).toBe('')
  expect(pathText(['routes', 0, 'upstreams', 1, 'url'])).toBe('routes[0].upstreams[1].url')
  expect(pathText(['a b', 'c'])).toBe("['a b'].c")
})

describe('show', () => {
  test.each([
    ['a', "'a'"],
    [5, '5'],
    [true, 'true'],
    [null, 'nothing'],
    [undefined, 'nothing'],
    [[1], 'a list'],
    [{}, 'a mapping'],
    ['a\nb\u001b[31m\u202e', "'a\\u{a}b\\u{1b}[31m\\u{202e}'"],
  ])('shows %j', (value, expected) => {
    expect(show(value)).toBe(expected)
  })

  test('cuts a long text', () => {
    expect(show('x'.repeat(1000))).toBe(`'${'x'.repeat(60)}…'`)
  })

  test('is printable, whatever the text', () => {
    fc.assert(
      fc.property(anyText(300), (text) => {
        expect(show(text)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u)
        expect(printable(printable(text))).toBe(printable(text))
      }),
    )
  })
})

describe('nearest', () => {
  const known = ['listen', 'admin', 'routes', 'upstreams', 'url', 'dns']
  test.each([
    ['upstream', 'upstreams'],
    ['lisen', 'listen'],
    ['LISTEN', 'listen'],
    ['ur', 'url'],
    ['roots', 'routes'],
    ['zebra', undefined],
    ['', undefined],
    ['x'.repeat(100_000), undefined],
  ])('of %s is %s', (word, expected) => {
    expect(nearest(word, known)).toBe(expected)
  })

  test('is undefined when nothing is known', () => {
    expect(nearest('a', [])).toBeUndefined()
  })
})

test('suggest names the nearest word, or all', () => {
  expect(suggest('clos', ['pass', 'close'])).toBe("did you mean 'close'?")
  expect(suggest('zebra', ['pass', 'close'])).toBe('use pass or close')
})

test('listed joins words with commas and a last or', () => {
  expect(listed([])).toBe('')
  expect(listed(['a'])).toBe('a')
  expect(listed(['a', 'b', 'c'])).toBe('a, b or c')
})
