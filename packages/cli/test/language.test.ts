import { expect, test } from 'vitest'
import { chooseLanguage } from '../src/language.ts'

test('the language is the one asked for, whatever the locale says', () => {
  expect(chooseLanguage('fr', { LANG: 'de_DE.UTF-8' })).toBe('fr')
  expect(chooseLanguage('PT-BR', {})).toBe('pt')
  expect(chooseLanguage('zh_Hans', {})).toBe('zh')
})

test('without one asked for it is that of LC_ALL, LC_MESSAGES or LANG, in this order', () => {
  expect(chooseLanguage(undefined, { LC_ALL: 'ja_JP.UTF-8', LC_MESSAGES: 'de_DE', LANG: 'es_ES' })).toBe('ja')
  expect(chooseLanguage(undefined, { LC_MESSAGES: 'de_DE@euro', LANG: 'es_ES' })).toBe('de')
  expect(chooseLanguage(undefined, { LANG: 'es_MX.UTF-8' })).toBe('es')
  expect(chooseLanguage(undefined, { LC_ALL: '', LANG: 'fr_CA' })).toBe('fr')
})

test('a locale without a translation, C, POSIX and none at all mean English', () => {
  for (const LANG of ['ru_RU.UTF-8', 'C', 'C.UTF-8', 'POSIX', 'french', '', undefined]) {
    expect(chooseLanguage(undefined, { LANG }), LANG).toBe('en')
  }
  expect(chooseLanguage(undefined, { LC_ALL: 'C', LANG: 'fr_FR.UTF-8' })).toBe('en')
})

test('a language that is not there is wrong use, and those that are get named', () => {
  for (const asked of ['ru', '', 'english']) {
    expect(() => chooseLanguage(asked, {}), asked).toThrow(
      expect.objectContaining({ status: 2, message: expect.stringContaining('en, fr, de, es, pt, ja, zh') }),
    )
  }
})
