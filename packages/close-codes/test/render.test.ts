import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { closeCode, closeCodes } from '../src/index.ts'
import { privateCodes } from '../src/private-codes.ts'
import { receiveSupport } from '../src/receive-support.ts'
import { referenceFile, renderCode, renderReference } from '../src/render.ts'
import { en } from '../src/text/en.ts'
import { languages } from './all-languages.ts'

describe.each(languages)('renderReference in $tag', (language) => {
  const file = referenceFile(language)
  const page = readFileSync(new URL(`../../../docs/${file}`, import.meta.url), 'utf8')

  it(`gives docs/${file}; after a change run \`npm run reference -w @holdfast/close-codes\``, () => {
    expect(renderReference(language, languages)).toBe(page)
  })

  it('links to the other languages', () => {
    for (const other of languages) {
      if (other !== language) expect(page).toContain(`[${other.name}](${referenceFile(other)})`)
    }
  })

  it('has every code, ecosystem and implementation', () => {
    for (const row of closeCodes) expect(page).toContain(`\n## ${row.code} ${row.name}\n`)
    for (const row of privateCodes) expect(page).toContain(`\n### ${row.ecosystem}\n`)
    for (const row of receiveSupport) expect(page).toContain(`[${row.implementation}](${row.source})`)
  })

  it('links from the overview only to headings that exist', () => {
    const anchors = new Set(
      [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-')),
    )
    const links = [...page.matchAll(/\]\(#([^)]*)\)/g)].map(([, target]) => target)
    expect(links).toHaveLength(19)
    for (const target of links) expect(anchors).toContain(target)
  })

  it('keeps every table rectangular', () => {
    for (const block of page.split('\n\n').filter((it) => it.startsWith('|'))) {
      const widths = block
        .trim()
        .split('\n')
        .map((line) => line.replaceAll('\\|', '').split('|').length)
      expect(new Set(widths).size, block.slice(0, 80)).toBe(1)
    }
  })

  it('leaves nothing undefined', () => {
    expect(page).not.toMatch(/undefined|\[object|NaN s/)
  })
})

describe('renderCode', () => {
  it('shows all words about a code', () => {
    for (const language of languages) {
      for (const row of closeCodes) {
        const text = language.codes[row.id]
        const rendered = renderCode(row, language)
        for (const words of [text.meaning, text.description, text.whenSeen, ...Object.values(text.retry)]) {
          expect(rendered).toContain(words)
        }
        for (const line of [...text.howToFix, ...text.causes, ...text.pitfalls])
          expect(rendered).toContain(line)
      }
    }
  })

  it('shows the three delays of 1012 side by side', () => {
    const row = closeCode(1012)
    expect(row && renderCode(row, en)).toMatch(/Registered advice.*5-30 s.*Common practice.*1-5 s.*retry=/s)
  })
})
