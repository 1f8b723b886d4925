import { describe, expect, it } from 'vitest'
import { languages, strings } from './all-languages.ts'
import { glossaries, strayWords, terms } from './glossary.ts'

describe.each(languages.map((language) => [language.tag, language] as const))(
  'the texts in %s',
  (tag, language) => {
    const texts = strings(language)

    it('use one word for each term, and no other', () => {
      expect(texts.length).toBeGreaterThan(500)
      expect(strayWords(tag, texts)).toEqual([])
    })

    it('have every term of the glossary', () => {
      const missing = terms.filter(
        (term) => !texts.some(([, text]) => glossaries[tag]![term].word.test(text)),
      )
      expect(missing).toEqual([])
    })
  },
)

it('the glossary has every language', () => {
  expect(Object.keys(glossaries).sort()).toEqual(languages.map(({ tag }) => tag).sort())
})

it.each([
  ['en', 'Then stay away.', 'reconnect'],
  ['de', 'Ein Client, der nach 1001 nicht zurückkommt', 'reconnect'],
  ['de', 'Senden Sie ein Close, bevor Sie sich beenden.', 'awkward'],
  ['fr', 'Holdfast quand il se vide', 'drain'],
  ['fr', 'Ne pas revenir', 'reconnect'],
  ['es', 'No volver hasta que', 'reconnect'],
  ['es', 'Una pasarela', 'gateway'],
  ['pt', 'quando se esvazia', 'drain'],
  ['ja', '上流が拒否', 'upstream'],
  ['zh', '客户端不再回来', 'reconnect'],
])('in %s, "%s" is found out', (tag, text, term) => {
  expect(strayWords(tag, [['a', text]])).toEqual([expect.stringContaining(`(${term})`)])
})
