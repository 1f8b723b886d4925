// The words of the page *Frame*, by language.
import type { LanguageTag } from '@holdfast/close-codes/languages'
import { de } from './frame/de.ts'
import { en } from './frame/en.ts'
import { es } from './frame/es.ts'
import { fr } from './frame/fr.ts'
import type { FrameText } from './frame/frame-text.ts'
import { ja } from './frame/ja.ts'
import { pt } from './frame/pt.ts'
import { zh } from './frame/zh.ts'

export const frameTexts: Readonly<Record<LanguageTag, FrameText>> = { en, fr, de, es, pt, ja, zh }
