// Writes docs/close-codes.md from the table. Build first: npx tsc -b packages/close-codes
import { writeFileSync } from 'node:fs'
import { renderReference } from '../dist/render.js'
import { en } from '../dist/text/en.js'

writeFileSync(new URL('../../../docs/close-codes.md', import.meta.url), renderReference(en))
