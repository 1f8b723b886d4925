import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { adviceFor, closeCodes, delayFor } from '@holdfast/close-codes'
import { browserMissing, Child, startUpstream } from '@holdfast/testing'
import { afterAll, describe, expect, it } from 'vitest'
import { bundle } from './bundle.ts'
import { appScript } from './frameworks/built.ts'
import { openPage } from './page.ts'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const readme = read('../README.md')
const folder = mkdtempSync(join(tmpdir(), 'holdfast-readme-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The cells of the table under this header, row by row. */
function table(header: string): string[][] {
  const lines = readme.split('\n')
  const start = lines.findIndex((line) => line.startsWith(header))
  expect(start).toBeGreaterThan(0)
  const rows = lines.slice(start + 2)
  return rows
    .slice(
      0,
      rows.findIndex((line) => !line.startsWith('|')),
    )
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

/** The example in a fence with this info string, its address replaced. */
function example(info: string, url: string): string {
  const found = new RegExp(`\`\`\`${info}\n([\\s\\S]*?)\`\`\``).exec(readme)
  expect(found).not.toBeNull()
  expect(found![1]).toMatch(/wss:\/\/example\.com|ws:\/\/127\.0\.0\.1:8080/)
  return found![1]!.replaceAll(/wss:\/\/example\.com|ws:\/\/127\.0\.0\.1:8080/g, url)
}

describe('the table of codes in the README', () => {
  const rows = table('| code |')
  const numbers = (cell: string) =>
    [...cell.matchAll(/(\d{4})(?:-(\d{4}))?/g)].flatMap(([, from, to = from]) =>
      Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i),
    )

  for (const [cell = '', does = '', first = '', most = ''] of rows) {
    it(`says truly of ${cell} that it ${does} ${first}`, () => {
      expect(numbers(cell).length).toBeGreaterThan(0)
      for (const code of numbers(cell)) {
        const advice = adviceFor(code)
        expect([code, advice.action]).toEqual([code, does === 'comes back' ? 'reconnect' : 'stop'])
        if (advice.action === 'stop') continue
        const at = (drawn: number, attempt: number) => delayFor(advice, { attempt, random: () => drawn })
        expect(first).toBe(`${at(0, 0) / 1000}-${Math.ceil(at(0.999999, 0) / 1000)} s`)
        expect(most).toBe(`${Math.ceil(at(0.999999, 20) / 1000)} s`)
      }
    })
  }

  it('has every registered code once, but 1004, which has no meaning', () => {
    const listed = rows.flatMap(([cell = '']) => numbers(cell)).filter((code) => code < 4000)
    expect(listed.sort()).toEqual(closeCodes.map(({ code }) => code).filter((code) => code !== 1004))
  })
})

describe('the table of options in the README', () => {
  const source = read('../src/options.ts')

  /** Names and defaults of an interface of options.ts. */
  function members(name: string): [string, string][] {
    const body = new RegExp(`export interface ${name} {([\\s\\S]*?)\n}`).exec(source)![1]!
    return [...body.matchAll(/\/\*\*([\s\S]*?)\*\/\s+(\w+)(\??):/g)].map(
      ([, comment = '', member = '', optional]) => {
        const [, value] = /@default (.+)/.exec(comment) ?? []
        return [member, value ?? (optional ? 'none' : 'must be given')]
      },
    )
  }

  const wanted = [
    ...members('ReconnectingWebSocketOptions').filter(([name]) => name !== 'buffer'),
    ...members('BufferOptions').map(([name, value]) => [`buffer.${name}`, value]),
    ...members('HeartbeatOptions').map(([name, value]) => [`heartbeat.${name}`, value]),
  ]

  it('has every option of the types, and no other', () => {
    const names = table('| option |').map(([name]) => name)
    expect([...names].sort()).toEqual(wanted.map(([name]) => `\`${name}\``).sort())
  })

  it('has the defaults of the docstrings', () => {
    for (const [cell = '', shown = ''] of table('| option |')) {
      const [, documented = ''] = wanted.find(([name]) => cell === `\`${name}\``)!
      const value = documented.replace(/ \(.*/, '')
      if (/^`/.test(shown)) expect([cell, value]).toEqual([cell, shown.replaceAll('`', '')])
      else if (shown === 'none' || shown === 'must be given') expect([cell, value]).toEqual([cell, shown])
    }
  })
})

describe('the presets in the README', () => {
  it('are those that there are', () => {
    const source = read('../src/presets.ts')
    const ids = [...source.matchAll(/^ {2}\| '([\w-]+)'/gm)].map(([, id]) => id)
    const [, list = ''] = /There are (`aws`.*)\./.exec(readme)!
    expect([...list.matchAll(/`([\w-]+)`/g)].map(([, id]) => id)).toEqual(ids)
  })
})

const missing = browserMissing()
const skipped = missing ? ` (skipped: ${missing})` : ''

describe('the examples in the README', () => {
  it.skipIf(missing)(`work in a browser, with a bundler${skipped}`, async () => {
    await using server = await startUpstream()
    writeFileSync(join(folder, 'browser.js'), example('js browser', server.url))
    const script = await bundle({ entry: join(folder, 'browser.js'), format: 'iife', name: 'app' })
    await using page = await openPage('', { '/token': 'secret' })
    await page.page.addScriptTag({ content: script })
    await page.page.waitForFunction(() => document.body.textContent?.includes('hello'))
    const [first] = server.connections
    expect(first!.request.url).toBe('/chat?token=secret')
    first!.close(1012, 'service restart; retry=60000')
    await page.page.waitForFunction(() => document.body.className === 'offline')
  })

  it.skipIf(missing)(`work in a browser, with a plain script tag${skipped}`, async () => {
    await using server = await startUpstream()
    const html = example('html', server.url)
    expect(html).toContain('src="/holdfast-client.js"')
    expect(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).unpkg).toBe(
      './dist/holdfast-client.js',
    )
    const client = await bundle({ entry: '../src/index.ts', format: 'iife', name: 'Holdfast', minify: true })
    await using page = await openPage(html, { '/holdfast-client.js': client })
    await page.page.waitForFunction(() => document.body.textContent?.includes('hello'))
    server.connections[0]!.close(1012, 'service restart; retry=60000')
    await page.page.waitForFunction(() => document.title === 'back in 60 s')
  })

  it('work in Node', async () => {
    await using server = await startUpstream()
    writeFileSync(
      join(folder, 'client.mjs'),
      await bundle({ entry: '../src/index.ts', format: 'esm', platform: 'node' }),
    )
    const ws = pathToFileURL(fileURLToPath(import.meta.resolve('ws'))).href
    const program = example('js node', server.url)
      .replace("'@holdfast/client'", "'./client.mjs'")
      .replace("'ws'", `'${ws}'`)
    writeFileSync(join(folder, 'node.mjs'), program.replace('console.log(data)', 'console.log(String(data))'))
    await using child = new Child(process.execPath, [join(folder, 'node.mjs')])
    await child.line('the echo', (line) => (line === 'hello' ? line : undefined))
    child.signal('SIGTERM')
    expect(await child.exited).toEqual({ code: 0, signal: null })
    expect(child.stderr).toEqual(['1005  null'])
  })

  for (const framework of ['react', 'vue', 'svelte'] as const) {
    it.skipIf(missing)(`work in ${framework}${skipped}`, async () => {
      await using server = await startUpstream()
      const source = example(framework === 'react' ? 'tsx' : framework, server.url)
      await using page = await openPage('<div id="app"></div>')
      await page.page.addScriptTag({ content: await appScript(framework, source, 'Chat') })
      const status = page.page.getByRole('status')
      await status.getByText(framework === 'react' ? 'connected' : 'open').waitFor()
      if (framework === 'react') await page.page.getByLabel('message').fill('hello')
      await page.page.getByRole('button').click()
      await page.page.locator('#app li, #app p').getByText('hello').waitFor()
      server.connections[0]!.close(1012, 'service restart; retry=60000')
      await status.getByText('back in 60 s').waitFor()
      expect(server.connections).toHaveLength(1)
    })
  }

  it('have that of examples/react', () => {
    expect(readme).toContain(`\`\`\`tsx\n${read('../../../examples/react/Chat.tsx')}\`\`\``)
  })
})
