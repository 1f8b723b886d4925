import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { docsRoute } from '../src/operate/admin-page.ts'
import { siteAnswer } from '../src/operate/site-files.ts'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-site-'))
const site = join(folder, 'site')
afterAll(() => rmSync(folder, { recursive: true }))

mkdirSync(join(site, 'en/1012-vs-1014'), { recursive: true })
writeFileSync(join(site, 'index.html'), 'first')
writeFileSync(join(site, 'codes.json'), '{}')
writeFileSync(join(site, 'en/1012-vs-1014/index.html'), 'pair')
writeFileSync(join(folder, 'secret.txt'), 'secret')
writeFileSync(join(site, '.hidden'), 'secret')

describe('siteAnswer', () => {
  it('finds files, the page of a folder, and says where a folder without its slash is', async () => {
    expect(await siteAnswer('', site)).toMatchObject({ body: Buffer.from('first') })
    expect(await siteAnswer('codes.json', site)).toMatchObject({
      contentType: 'application/json; charset=utf-8',
    })
    expect(await siteAnswer('en/1012-vs-1014/', site)).toMatchObject({
      found: 'file',
      contentType: 'text/html; charset=utf-8',
    })
    expect(await siteAnswer('en/1012-vs-1014', site)).toEqual({ found: 'folder', location: '1012-vs-1014/' })
    expect(await siteAnswer('en/1', site)).toEqual({ found: 'nothing' })
    expect(await siteAnswer('en/', site)).toEqual({ found: 'nothing' })
  })

  it('finds nothing outside of the site', async () => {
    for (const path of [
      '../secret.txt',
      'en/../../secret.txt',
      '%2e%2e/secret.txt',
      '..\\secret.txt',
      '/',
      '//',
      '.hidden',
    ])
      expect(await siteAnswer(path, site), path).toEqual({ found: 'nothing' })
    const piece = fc.oneof(fc.constantFrom('..', '.', '', 'en', '%2e%2e', 'secret.txt', '\0'), fc.string())
    await fc.assert(
      fc.asyncProperty(fc.array(piece), async (pieces) => {
        const answer = await siteAnswer(pieces.join('/'), site)
        if (answer.found === 'file') expect(String(answer.body)).not.toContain('secret')
      }),
    )
  })
})

describe('the site on the admin port', () => {
  const get = async (path: string) => {
    const handler = docsRoute(path, site)?.methods.GET
    if (typeof handler !== 'function') return undefined
    return await handler({ query: new URLSearchParams(), id: '', body: {}, incoming: {} as never })
  }

  it('is below /docs/, for strangers too, and nowhere else', async () => {
    expect(docsRoute('/docs/', site)?.admits).toBe('strangers')
    expect(await get('/docs')).toMatchObject({ status: 308, headers: { location: '/docs/' } })
    expect(await get('/docs/')).toMatchObject({ status: 200, body: Buffer.from('first') })
    expect(await get('/docs/en/1012-vs-1014')).toMatchObject({ headers: { location: '1012-vs-1014/' } })
    expect(await get('/docs/../secret.txt')).toMatchObject({ status: 404 })
    expect(docsRoute('/docsy', site)).toBeUndefined()
    expect(docsRoute('/api/state', site)).toBeUndefined()
  })
})
