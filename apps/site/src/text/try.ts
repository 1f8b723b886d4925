// The words of the page *Try*, by language.
import type { LanguageTag } from '@holdfast/close-codes/languages'
import { de } from './try/de.ts'
import { en } from './try/en.ts'
import { es } from './try/es.ts'
import { fr } from './try/fr.ts'
import { ja } from './try/ja.ts'
import { pt } from './try/pt.ts'
import type { TryText } from './try/try-text.ts'
import { zh } from './try/zh.ts'

export const tryTexts: Readonly<Record<LanguageTag, TryText>> = { en, fr, de, es, pt, ja, zh }
