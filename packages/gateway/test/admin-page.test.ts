import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { wantsPage } from '../src/operate/admin-page.ts'
import { startAdmin } from './test-admin.ts'

let page: string

beforeAll(() => {
  page = mkdtempSync(join(tmpdir(), 'holdfast-page-'))
  mkdirSync(join(page, 'assets'))
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>Holdfast</title>')
  writeFileSync(join(page, 'assets', 'index-a1.js'), 'export {}'.repeat(100))
  writeFileSync(join(page, 'assets', 'index-b2.css'), 'a{}')
})
afterAll(() => rmSync(page, { recursive: true }))

const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'

test('browsers get the page at the root, others the list of the API', async () => {
  await using admin = await startAdmin(undefined, { page })
  const html = await admin.ask('GET', '/', { accept })
  expect(html.headers['content-type']).toBe('text/html; charset=utf-8')
  expect(html.text).toContain('<title>Holdfast</title>')
  for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }])
    expect((await admin.ask('GET', '/', headers)).json.api).toContain('POST /api/login')
})

test('the page may use nothing but itself, and cannot be framed', async () => {
  await using admin = await startAdmin(undefined, { page })
  const { headers } = await admin.ask('GET', '/', { accept })
  expect(headers['content-security-policy']).toBe(
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  )
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'x-frame-options': 'DENY',
    'cache-control': 'no-cache',
  })
})

test('assets may be kept for ever, for their names change with them', async () => {
  await using admin = await startAdmin(undefined, { page })
  const script = await admin.ask('GET', '/assets/index-a1.js')
  expect(script.headers).toMatchObject({
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  })
  expect((await admin.ask('GET', '/assets/index-b2.css')).headers['content-type']).toBe(
    'text/css; charset=utf-8',
  )
})

test('who takes gzip gets less', async () => {
  await using admin = await startAdmin(undefined, { page })
  const response = await fetch(`${admin.server.url}/assets/index-a1.js`)
  expect(response.headers.get('content-encoding')).toBe('gzip')
  expect(await response.text()).toBe('export {}'.repeat(100))
  const plain = await admin.ask('GET', '/assets/index-a1.js')
  expect(plain.headers['content-encoding']).toBeUndefined()
  expect(plain.headers.vary).toBe('accept-encoding')
  expect(() => gunzipSync(Buffer.from(plain.text))).toThrow()
})

test('only the files of the page are there', async () => {
  await using admin = await startAdmin(undefined, { page })
  for (const path of [
    '/assets/',
    '/assets/none.js',
    '/assets/..%2findex.html',
    '/assets/../../etc/passwd',
    '/index.html',
  ])
    expect((await admin.ask('GET', path)).status).toBe(404)
  expect((await admin.ask('POST', '/', { accept })).status).toBe(405)
})

test('the page is there without a token, but not under a name that may be rebound', async () => {
  await using admin = await startAdmin('secret', { page })
  expect((await admin.ask('GET', '/', { accept })).status).toBe(200)
  expect((await admin.ask('GET', '/assets/index-a1.js')).status).toBe(200)
  expect((await admin.ask('GET', '/', { accept, host: 'evil.example' })).status).toBe(403)
})

test('without a page the root is the list for everybody', async () => {
  await using admin = await startAdmin()
  expect((await admin.ask('GET', '/', { accept })).json.api).toContain('GET /api/state')
})

test.each([
  ['text/html', true],
  ['application/json, text/html;q=0.9', true],
  ['*/*', false],
  ['application/json', false],
  [undefined, false],
])('who accepts %s wants the page: %s', (accept, expected) => {
  expect(wantsPage(accept)).toBe(expected)
})
