import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { describe, expect, it } from 'vitest'
import { languages } from './all-languages.ts'

const index = fileURLToPath(new URL('../src/index.ts', import.meta.url))

/** Bundles and minifies a program that uses these exports of the package, as a browser client would. */
async function bundleOf(names: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bundle-'))
  try {
    const input = join(folder, 'entry.ts')
    writeFileSync(
      input,
      `export { ${names} } from ${JSON.stringify(index)}
import { code } from ${JSON.stringify(index)}
export const restarts = (n) => n === code.serviceRestart || n === code.badGateway
`,
    )
    const bundle = await rolldown({ input, platform: 'browser', logLevel: 'silent' })
    const { output } = await bundle.generate({ format: 'esm', minify: true })
    await bundle.close()
    expect(output).toHaveLength(1)
    return output[0].code
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('a bundle of a browser client', () => {
  it('takes at most 600 bytes, minified and gzipped, for adviceFor, parseReason and what it uses of code', async () => {
    const text = await bundleOf('adviceFor, parseReason')
    expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(600)
  })

  it('takes at most 750 bytes with delayFor and mayTravel too', async () => {
    const text = await bundleOf('adviceFor, parseReason, delayFor, mayTravel')
    expect(gzipSync(text, { level: 9 }).length).toBeLessThanOrEqual(750)
  })

  it('carries only those constants of code that it uses', async () => {
    const text = await bundleOf('mayTravel')
    expect(text).toContain('1012')
    expect(text).not.toContain('1010')
    expect(text).not.toContain('badGateway')
  })

  it('carries neither prose nor sources nor the facts of the table', async () => {
    const text = await bundleOf('adviceFor, parseReason, code, delayFor, mayTravel, buildReason, rangeOf')
    for (const word of ['https://', 'Service Restart', 'UNAVAILABLE', 'Uvicorn', 'graphql']) {
      expect(text).not.toContain(word)
    }
  })

  it('carries the facts but no prose when it uses the table', async () => {
    const text = await bundleOf('closeCodes')
    expect(text).toContain('Service Restart')
    expect(text).not.toContain('Uvicorn')
  })

  it('carries nothing of any language', async () => {
    const text = await bundleOf(
      'adviceFor, parseReason, code, delayFor, mayTravel, buildReason, rangeOf, closeCodes',
    )
    for (const { codes } of languages) {
      for (const { meaning } of Object.values(codes)) expect(text).not.toContain(meaning)
    }
    expect(text).not.toMatch(/[^\x00-\x7f§]/)
  })
})
