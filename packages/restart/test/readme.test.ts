import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child, closedPort, eventually } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import * as api from '../src/index.ts'
import { defaults } from '../src/options.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const readme = read('../README.md')

/** The options and their defaults, as the types have them. */
function declaredOptions(): Map<string, string> {
  const [, body = ''] = /interface RestartOptions<[^{]*\{\n(.*?)\n\}/s.exec(read('../src/options.ts')) ?? []
  const members = body.matchAll(/\/\*\*(.*?)\*\/\s+(\w+)\?:/gs)
  return new Map(
    [...members].map(([, doc = '', name = '']) => [name, /@default (.*?)\s*\*?\s*$/s.exec(doc)?.[1] ?? '–']),
  )
}

describe('README', () => {
  it('lists every option with the default that the types and the code have', () => {
    const [, table = ''] = /\| option \| default \| \|\n\|---\|---\|---\|\n(.*?)\n\n/s.exec(readme) ?? []
    const rows = [...table.matchAll(/^\| `(\w+)` \| (.+?) \|/gm)]
    const listed = rows.map(([, name = '', value = '']) => [name, value.replaceAll('`', '')] as const)
    const declared = declaredOptions()
    expect(listed.map(([name]) => name)).toEqual([...declared.keys()])
    for (const [name, value] of listed) {
      expect([name, value]).toEqual([name, declared.get(name)?.replace(/^nothing is .*/, '–')])
      if (name in defaults) {
        expect(new Function(`return ${value}`)()).toEqual(defaults[name as keyof typeof defaults])
      }
    }
  })

  it('names every function that the package exports', () => {
    for (const name of Object.keys(api)) expect(readme).toContain(`\`${name}`)
  })

  const [, usage = ''] = /^## Use it with\n(.*?)^## /ms.exec(readme) ?? []
  const programs = [...usage.matchAll(/^### (.+?)\n.*?```js\n(.*?)```/gms)].filter(
    ([, name]) => name !== 'Bun',
  )

  it('shows five programs for Node', () => {
    expect(programs).toHaveLength(5)
  })

  for (const [, name = '', code = ''] of programs) {
    it(`shows a program for ${name} that runs, and ends by itself on SIGTERM`, async () => {
      expect(code.trim().split('\n').length).toBeLessThanOrEqual(16)
      const port = await closedPort()
      using folder = temporaryFolder()
      const file = join(folder.path, 'server.mjs')
      writeFileSync(file, code.replaceAll('3000', String(port)))
      await using server = new Child(process.execPath, [file])
      await eventually('the server listens', async () => (await answers(port)) || server.exit, {
        detail: () => server.describe(),
      })
      server.signal('SIGTERM')
      expect(await server.exited).toEqual({ code: 0, signal: null })
    })
  }
})

/** Below the project's node_modules, so that packages are found. */
function temporaryFolder(): Disposable & { path: string } {
  const cache = fileURLToPath(new URL('../../../node_modules/.cache/', import.meta.url))
  const path = mkdtempSync(join(cache, 'restart-readme-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** Whether a request is answered: by then the whole program has run. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ host: 'localhost', port, agent: false }, (response) => {
      response.resume()
      resolve(true)
    })
    request.on('error', () => resolve(false))
  })
}
