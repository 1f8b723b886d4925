// The words of the site obey the glossary of the texts about codes.
import { expect, it } from 'vitest'
import { strings } from '../../../packages/close-codes/test/all-languages.ts'
import { glossaries, strayWords } from '../../../packages/close-codes/test/glossary.ts'
import { allWords } from '../src/text/all.ts'
import { diagnoseTexts } from '../src/text/diagnose.ts'
import { frameTexts } from '../src/text/frame.ts'
import { tryTexts } from '../src/text/try.ts'

it.each(allWords.map(({ tag }) => tag))('the site in %s uses one word for each term', (tag) => {
  const site = allWords.find((words) => words.tag === tag)!.site
  const texts = strings({ site, try: tryTexts[tag], frame: frameTexts[tag], diagnose: diagnoseTexts[tag] })
  expect(texts.length).toBeGreaterThan(100)
  expect(strayWords(tag, texts)).toEqual([])
  expect(texts.filter(([, text]) => glossaries[tag]!.hold.word.test(text))).not.toEqual([])
})
