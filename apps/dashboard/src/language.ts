// The words about close codes in the page's language, loaded when they are first wanted.
import { type Language, type LanguageTag, loadLanguage } from '@holdfast/close-codes/languages'
import { chosen } from './translate.ts'

/** What a dialog about a code says beside the reference. */
export interface DialogWords {
  compareWith: string
  nothing: string
  close: string
  /** Link to the page of the code in the reference, and to that of two codes. */
  reference: string
}

const dialogWords: Record<LanguageTag, DialogWords> = {
  en: {
    compareWith: 'Compare with',
    nothing: 'choose a code',
    close: 'Close',
    reference: 'More in the reference',
  },
  fr: {
    compareWith: 'Comparer avec',
    nothing: 'choisir un code',
    close: 'Fermer',
    reference: 'Plus dans la référence',
  },
  de: {
    compareWith: 'Vergleichen mit',
    nothing: 'einen Code wählen',
    close: 'Schließen',
    reference: 'Mehr in der Referenz',
  },
  es: {
    compareWith: 'Comparar con',
    nothing: 'elegir un código',
    close: 'Cerrar',
    reference: 'Más en la referencia',
  },
  pt: {
    compareWith: 'Comparar com',
    nothing: 'escolher um código',
    close: 'Fechar',
    reference: 'Mais na referência',
  },
  ja: {
    compareWith: '比較する',
    nothing: 'コードを選ぶ',
    close: '閉じる',
    reference: 'リファレンスで詳しく',
  },
  zh: { compareWith: '比较', nothing: '选择代码', close: '关闭', reference: '在参考中查看更多' },
}

export interface Loaded {
  language: Language
  words: DialogWords
}

export async function loadWords(): Promise<Loaded> {
  const { tag } = chosen
  return { language: await loadLanguage(tag), words: dialogWords[tag] }
}
