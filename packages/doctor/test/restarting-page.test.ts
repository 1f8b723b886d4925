import { readFileSync } from 'node:fs'
import { serverStops } from '@holdfast/close-codes/measured'
import { expect, test } from 'vitest'
import { renderRestarting } from '../src/restarting-page.ts'
import { sections } from '../src/restarting-sections.ts'
import { en } from '../src/text/en.ts'

const page = readFileSync(new URL('../../../docs/restarting.md', import.meta.url), 'utf8')

test('docs/restarting.md is what the renderer makes of the measured rows', () => {
  expect(page, 'build, then: node packages/doctor/tools/write-restarting.mjs').toBe(renderRestarting(en))
})

test('docs/restarting.md has every server that was measured, once', () => {
  const named = sections.flatMap(({ servers }) => servers)
  expect([...named].sort()).toEqual(serverStops.map(({ server }) => server).sort())
})
