// The words about close codes in the browser's language, loaded when they are first wanted.
import { type Language, type LanguageTag, languageTags, loadLanguage } from '@holdfast/close-codes/languages'

/** The first language of the browser that the reference exists in. */
export function browserLanguage(wanted: readonly string[] = navigator.languages): LanguageTag {
  for (const tag of wanted) {
    const found = languageTags.find((known) => tag.toLowerCase().split('-')[0] === known)
    if (found) return found
  }
  return 'en'
}

/** What a dialog about a code says beside the reference. */
export interface DialogWords {
  compareWith: string
  nothing: string
  close: string
}

const dialogWords: Record<LanguageTag, DialogWords> = {
  en: { compareWith: 'Compare with', nothing: 'choose a code', close: 'Close' },
  fr: { compareWith: 'Comparer avec', nothing: 'choisir un code', close: 'Fermer' },
  de: { compareWith: 'Vergleichen mit', nothing: 'einen Code wählen', close: 'Schließen' },
  es: { compareWith: 'Comparar con', nothing: 'elegir un código', close: 'Cerrar' },
  pt: { compareWith: 'Comparar com', nothing: 'escolher um código', close: 'Fechar' },
  ja: { compareWith: '比較する', nothing: 'コードを選ぶ', close: '閉じる' },
  zh: { compareWith: '比较', nothing: '选择代码', close: '关闭' },
}

export interface Loaded {
  language: Language
  words: DialogWords
}

export async function loadWords(): Promise<Loaded> {
  const tag = browserLanguage()
  return { language: await loadLanguage(tag), words: dialogWords[tag] }
}
