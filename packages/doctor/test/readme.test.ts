import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import * as api from '../src/index.ts'

const readme = readFileSync(fileURLToPath(new URL('../README.md', import.meta.url)), 'utf8')
const [, snippet = ''] = /```js\n(.*?)```/s.exec(readme) ?? []
const [, printed = ''] = /prints:\n\n```\n(.*?)```/s.exec(readme) ?? []

test('README has ten lines to copy, and they print what it says', () => {
  const path = fileURLToPath(new URL('fixtures/nginx/nginx-read-timeout.conf', import.meta.url))
  const lines: string[] = []
  const body = snippet.replace(/^import .*\n/gm, '')
  const names = ['readFileSync', 'fix', 'readFromDisk', 'readProxyConfig', 'title', 'process', 'console']
  const { fix, readFromDisk, readProxyConfig, title } = api
  const fakes = [{ argv: ['', '', path] }, { log: (line: string) => lines.push(line) }]
  new Function(...names, body)(readFileSync, fix, readFromDisk, readProxyConfig, title, ...fakes)
  expect(lines.map((line) => line.replace(path, 'nginx.conf'))).toEqual(printed.trimEnd().split('\n'))
  expect(body.trim().split('\n').length).toBeLessThanOrEqual(10)
})

test('README names every value that the package exports', () => {
  expect(Object.keys(api).filter((name) => !readme.includes(`\`${name}`))).toEqual([])
})
