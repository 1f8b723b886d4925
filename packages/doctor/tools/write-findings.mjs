// Writes docs/findings.md from the table. Build first: npx tsc -b packages/doctor
import { writeFileSync } from 'node:fs'
import { renderFindings } from '../dist/render.js'
import { en } from '../dist/text/en.js'

writeFileSync(new URL('../../../docs/findings.md', import.meta.url), renderFindings(en))
