// Writes docs/close-codes.md and its translations from the table. Build first: npx tsc -b packages/close-codes
import { writeFileSync } from 'node:fs'
import { languageTags, loadLanguage } from '../dist/languages.js'
import { referenceFile, renderReference } from '../dist/render.js'

const languages = await Promise.all(languageTags.map(loadLanguage))
for (const language of languages) {
  const file = new URL(`../../../docs/${referenceFile(language)}`, import.meta.url)
  writeFileSync(file, renderReference(language, languages))
}
