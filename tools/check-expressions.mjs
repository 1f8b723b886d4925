// Finds regular expressions whose time can grow faster than the text that they read. Prints one line per fault.
//
//   node tools/check-expressions.mjs [ROOT]
//
// eslint-plugin-regexp judges each expression by itself; `repeatsItsPrefix` adds a form that it does not look for.
// Tests, tools and the bench are left out: nobody sends them anything.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { RegExpParser } from '@eslint-community/regexpp'
import { Linter } from 'eslint'
import * as regexp from 'eslint-plugin-regexp'
import { parseSync, Visitor } from 'oxc-parser'

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const linter = new Linter()
const rules = [
  {
    plugins: { regexp },
    rules: {
      'regexp/no-super-linear-backtracking': ['error', { report: 'certain' }],
      'regexp/no-super-linear-move': [
        'error',
        { report: 'certain', ignoreSticky: true, ignorePartial: false },
      ],
      'regexp/no-dupe-disjunctions': ['error', { reportExponentialBacktracking: 'potential' }],
    },
  },
]

const files = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .stdout.split('\n')
  .filter((file) => /\.(?:[cm]?ts|tsx|[cm]?js)$/.test(file) && existsSync(join(root, file)))
  .filter((file) => !/(?:^|\/)(?:test|bench|tools|dist)\//.test(file))

/** Characters by which two classes are seen to overlap. */
const samples = [
  ...'\t\n\r',
  ...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)),
  'é',
  '—',
  '秒',
]

const verdicts = new Map()
let expressions = 0
let faults = 0
for (const file of files) {
  for (const { pattern, flags, line } of expressionsIn(file)) {
    expressions++
    for (const why of faultsOf(pattern, flags)) {
      faults++
      console.log(`${file}:${line}: /${pattern}/${flags}: ${why}`)
    }
  }
}
console.log(`${expressions} expressions, ${faults} faults`)
process.exitCode = faults > 0 ? 1 : 0

/** The expressions of a file, also those that are made of one constant string. */
function expressionsIn(file) {
  const text = readFileSync(join(root, file), 'utf8')
  const found = []
  const add = (node, pattern, flags) =>
    found.push({ pattern, flags, line: text.slice(0, node.start).split('\n').length })
  const constructed = (node) => {
    const [pattern, flags] = node.arguments
    if (node.callee.name !== 'RegExp' || typeof pattern?.value !== 'string') return
    add(node, pattern.value.replaceAll('/', '\\/'), flags?.value ?? '')
  }
  new Visitor({
    Literal: (node) => node.regex && add(node, node.regex.pattern, node.regex.flags),
    NewExpression: constructed,
    CallExpression: constructed,
  }).visit(parseSync(file, text).program)
  return found
}

function faultsOf(pattern, flags) {
  const source = `void /${pattern}/${flags}`
  if (!verdicts.has(source)) {
    const judged = linter.verify(source, rules).map(({ message }) => message)
    verdicts.set(source, judged.length > 0 ? judged : repeatsItsPrefix(pattern, flags))
  }
  return verdicts.get(source)
}

/**
 * `<!--.*-->`: what stands before the star fits into the star, so that a text of nothing but beginnings is read to its end
 * from each of them.
 */
function repeatsItsPrefix(pattern, flags) {
  if (flags.includes('y')) return []
  const ast = new RegExpParser().parsePattern(pattern, 0, pattern.length, /[uv]/.test(flags))
  const prefixes = sequences(ast.alternatives).flatMap((sequence) => endless(sequence, flags))
  return prefixes.map((star) => `what stands before ${star} may repeat inside it: quadratic`)
}

function endless(sequence, flags) {
  return sequence.flatMap((element, index) => {
    const before = sequence.slice(0, index)
    const fails = sequence.slice(index + 1).some((next) => next.type !== 'Quantifier' || next.min > 0)
    if (element.type !== 'Quantifier' || element.max !== Infinity || !fails) return []
    const fits = charactersOf(element.element, flags)
    if (before.some(({ type, kind }) => type === 'Assertion' && kind === 'start')) {
      // At the beginning of each line the star has to cross lines to be there again.
      if (!flags.includes('m') || !fits.includes('\n')) return []
    }
    const required = before.filter(
      (one) => one.type !== 'Assertion' && !(one.type === 'Quantifier' && one.min === 0),
    )
    const within = required.every((one) => {
      const own = charactersOf(one.type === 'Quantifier' ? one.element : one, flags)
      return own.some((character) => fits.includes(character))
    })
    return within && required.length > 0 ? [element.raw] : []
  })
}

/** Every way through groups that stand alone, as sequences of characters, quantifiers and assertions. */
function sequences(alternatives) {
  return alternatives.flatMap(({ elements }) =>
    elements.reduce(
      (soFar, element) => {
        const group = element.type === 'Group' || element.type === 'CapturingGroup'
        const ways = group ? sequences(element.alternatives) : [[element]]
        return soFar.flatMap((sequence) => ways.map((way) => [...sequence, ...way]))
      },
      [[]],
    ),
  )
}

/** Which of the samples an element of one character fits; none for a longer one. */
function charactersOf(element, flags) {
  if (!/^Character/.test(element.type)) return []
  const one = new RegExp(`^(?:${element.raw})$`, flags.replace(/[gm]/g, ''))
  return [...samples, ...(element.type === 'Character' ? [String.fromCodePoint(element.value)] : [])].filter(
    (character) => one.test(character),
  )
}
