// The texts of the operator's page in seven languages.
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { english } from '../../../apps/dashboard/src/texts/english.ts'
import { strayWords } from '../../close-codes/test/glossary.ts'

const source = new URL('../../../apps/dashboard/src/', import.meta.url)
const tags = ['de', 'fr', 'es', 'pt', 'ja', 'zh'] as const
const blanks = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([blank]) => blank).sort()

test('every text is used, and none stands in the code beside them', () => {
  const files = readdirSync(source).filter((name) => /\.tsx?$/.test(name))
  const code = files.map((name) => readFileSync(new URL(name, source), 'utf8')).join('\n')
  const said = (text: string) => code.includes(`'${text}'`) || code.includes(`"${text}"`)
  // What the gateway says in one word.
  const words = [
    'starting',
    'serving',
    'draining',
    'ready',
    'leaving',
    'gone',
    'drained',
    'client',
    'upstream',
    'gateway',
  ]
  expect(english.filter((text) => !said(text) && !words.includes(text))).toEqual([])
  const bare = [...code.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)*)\s*<\//g)].map(([, text]) => text)
  expect(bare.filter((text) => text !== 'Holdfast')).toEqual([])
})

describe.each(tags)('in %s', async (tag) => {
  const { texts } = (await import(`../../../apps/dashboard/src/texts/${tag}.ts`)) as {
    texts: Record<string, string>
  }

  test('there is every text, with the same blanks', () => {
    expect(Object.keys(texts)).toEqual([...english])
    for (const [text, translated] of Object.entries(texts)) {
      expect(translated.trim()).not.toBe('')
      expect([text, blanks(translated)]).toEqual([text, blanks(text)])
    }
  })

  test('each term has its one word', () => {
    expect(
      strayWords(
        tag,
        Object.entries(texts).map(([text, translated]) => [text, translated.replace(/\{\w+\}/g, '')]),
      ),
    ).toEqual([])
  })
})

test('in English, too', () => {
  expect(
    strayWords(
      'en',
      english.map((text) => [text, text]),
    ),
  ).toEqual([])
})
