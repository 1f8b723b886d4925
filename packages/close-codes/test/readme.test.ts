import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compare } from '../src/compare.ts'
import * as api from '../src/index.ts'
import { fr } from '../src/text/fr.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const readme = read('../README.md')
const { exports } = JSON.parse(read('../package.json')) as { exports: Record<string, unknown> }

/** Evaluates a line of the example with the exports of the package in scope. */
const evaluate = (expression: string): unknown =>
  new Function(...Object.keys(api), `return (${expression})`)(...Object.values(api))

describe('README', () => {
  const lines = [...readme.matchAll(/^(\S.*\)\S*) +\/\/ (.+)$/gm)]

  it('shows nine examples', () => {
    expect(lines).toHaveLength(9)
  })

  for (const [, expression = '', value = ''] of lines) {
    it(`says truly that ${expression} is ${value}`, () => {
      expect(evaluate(expression)).toEqual(evaluate(value))
    })
  }

  it('shows a sentence that a comparison has', () => {
    const [, index, text] = /^differences\[(\d)\]\.text \/\/ '(.+)'$/m.exec(readme) ?? []
    const { differences } = compare(api.closeCode(1012)!, api.closeCode(1014)!, fr)
    expect(differences[Number(index)]?.text).toBe(text)
  })

  it('lists every export and every entry of the package', () => {
    for (const name of Object.keys(api)) expect(readme).toMatch(new RegExp(`^- .*\`${name}[\`(]`, 'm'))
    for (const entry of Object.keys(exports)) {
      if (entry !== './package.json') expect(readme).toContain(`\`@holdfast/close-codes${entry.slice(1)}\``)
    }
  })
})
