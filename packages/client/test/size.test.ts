import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { bundle } from './bundle.ts'

const gzipped = (text: string) => gzipSync(text, { level: 9 }).length
const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const folder = mkdtempSync(join(tmpdir(), 'holdfast-size-'))
afterAll(() => rmSync(folder, { recursive: true }))

const entry = join(folder, 'page.js')
writeFileSync(entry, "export { ReconnectingWebSocket } from '@holdfast/client'\n")

const resumeEntry = join(folder, 'resume.js')
writeFileSync(resumeEntry, "export { ReconnectingWebSocket } from '@holdfast/client/resume'\n")

describe('the client in a browser bundle', () => {
  it('takes at most 6,000 bytes with resume, minified and gzipped, and nothing of that without', async () => {
    const text = await bundle({ entry: resumeEntry, format: 'esm', minify: true })
    expect(gzipped(text)).toBeLessThanOrEqual(6_000)
    expect(text).toContain('holdfast.v1')
    expect(await bundle({ entry, format: 'esm', minify: true })).not.toContain('holdfast.v1')
  })

  it('takes at most 4,000 bytes, minified and gzipped', async () => {
    const text = await bundle({ entry, format: 'esm', minify: true })
    expect(gzipped(text)).toBeLessThanOrEqual(4_000)
    expect(gzipped(text)).toBeGreaterThan(1_000)
  })

  it('carries no prose and no facts of the close codes', async () => {
    const text = await bundle({ entry, format: 'esm', minify: true })
    for (const word of ['https://', 'Service Restart', 'Uvicorn']) expect(text).not.toContain(word)
  })

  it('takes at most 4,000 bytes as the file for a plain script tag', async () => {
    const text = await bundle({ entry: '../src/index.ts', format: 'iife', name: 'Holdfast', minify: true })
    expect(gzipped(text)).toBeLessThanOrEqual(4_000)
  })

  it('depends on nothing outside this repository', () => {
    expect(Object.keys(dependencies)).toEqual(['@holdfast/close-codes'])
  })
})
