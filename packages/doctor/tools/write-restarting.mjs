// Writes docs/restarting.md from what was measured. Build first: npx tsc -b packages/doctor
import { writeFileSync } from 'node:fs'
import { renderRestarting } from '../dist/restarting-page.js'
import { en } from '../dist/text/en.js'

writeFileSync(new URL('../../../docs/restarting.md', import.meta.url), renderRestarting(en))
