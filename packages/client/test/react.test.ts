import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { browserMissing, eventually, startUpstream, type TestUpstream } from '@holdfast/testing'
import { ESLint } from 'eslint'
import hooks from 'eslint-plugin-react-hooks'
import ts from 'typescript-6'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from './bundle.ts'
import { folderInWorkspace } from './frameworks/built.ts'
import { openPage, type TestPage } from './page.ts'

const missing = browserMissing()
const folder = folderInWorkspace()
afterAll(() => folder[Symbol.dispose]())

/** What frameworks/react-app.tsx exports. */
interface App {
  renderOnServer(first: object): string
  hydrate(first: object): object
}

describe.skipIf(missing)(`useWebSocket in Chromium${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let script: string
  let onServer: App
  beforeAll(async () => {
    const entry = 'frameworks/react-app.tsx'
    script = await bundle({ entry, format: 'iife', name: 'app' })
    const file = join(folder.path, 'server.mjs')
    writeFileSync(file, await bundle({ entry, format: 'esm', platform: 'node' }))
    onServer = await import(pathToFileURL(file).href)
  })

  /** The page of the server for this URL, brought to life; `act` runs in it. */
  async function open(url: string | null) {
    const first = { url, name: 'first', shown: true }
    const rendered = onServer.renderOnServer(first)
    const test: TestPage = await openPage(`<div id="app">${rendered}</div>`)
    const { page } = test
    const faults: string[] = []
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()))
    await page.addScriptTag({ content: script })
    await page.evaluate((props) => {
      const { app } = globalThis as unknown as { app: App }
      Object.assign(globalThis, { drive: app.hydrate(props) })
    }, first)
    const shows = (words: string) =>
      page.waitForFunction((wanted) => document.querySelector('#status')?.textContent === wanted, words)
    const drive = <T>(act: string) => page.evaluate(`(({ drive }) => ${act})(globalThis)`) as Promise<T>
    return {
      ...test,
      rendered,
      faults,
      shows,
      drive,
      messages: () => drive<string[]>('drive.messages'),
    }
  }

  /** All connections that the server has seen, and the open ones. */
  const counts = (server: TestUpstream) => [server.connections.length, server.sockets.size]

  it('makes one connection in StrictMode, and closes it when the component goes', async () => {
    await using server = await startUpstream()
    await using app = await open(server.url)
    await app.shows('connected')
    await app.drive(`drive.connection.send('hello')`)
    await eventually('the echo', async () => (await app.messages()).length > 0)
    expect(await app.messages()).toEqual(['first: hello'])
    expect(counts(server)).toEqual([1, 1])
    await app.drive('drive.set({ shown: false })')
    await server.connections[0]!.closed
    await app.drive('drive.set({ shown: true })')
    await app.shows('connected')
    expect(counts(server)).toEqual([2, 1])
    expect(app.faults).toEqual([])
  })

  it('is rendered on a server without a connection, and goes on from there', async () => {
    await using server = await startUpstream()
    await using app = await open(server.url)
    expect(app.rendered).toBe(
      '<span role="status" id="status" class="mine" data-state="connecting">connecting</span>',
    )
    await app.shows('connected')
    expect(counts(server)).toEqual([1, 1])
    expect(app.faults).toEqual([])
    expect(await app.drive('drive.errors')).toEqual([])
  })

  it('counts down to the return, in words of the application, and stays away when it is told', async () => {
    await using server = await startUpstream()
    await using app = await open(server.url)
    await app.shows('connected')
    await app.page.evaluate(() => {
      const status = document.querySelector('#status')!
      const texts: unknown[] = []
      new MutationObserver(() => texts.push(status.textContent)).observe(status, {
        subtree: true,
        childList: true,
        characterData: true,
      })
      Object.assign(globalThis, { texts })
    })
    server.connections[0]!.close(1012, 'service restart; retry=2500')
    await app.page.waitForFunction(
      () => (globalThis as unknown as { texts: string[] }).texts.at(-1) === 'connected',
    )
    const texts = await app.page.evaluate(() => (globalThis as unknown as { texts: string[] }).texts)
    // A busy machine may skip a second; the fake clock of store.test.ts sees each.
    expect(texts[0]).toBe('connection lost, back in 3 s')
    const seconds = texts.flatMap((text) => /^connection lost, back in (\d) s$/.exec(text)?.[1] ?? [])
    expect(seconds).toEqual(seconds.toSorted().reverse())
    expect(new Set(seconds).size).toBe(seconds.length)
    server.connections[1]!.close(4401, 'log in')
    await app.shows('disconnected')
    await app.drive(`drive.set({ texts: { closed: 'log in again' } })`)
    await app.shows('log in again')
    await app.drive('drive.connection.reconnect()')
    await app.shows('connected')
    expect(counts(server)).toEqual([3, 1])
  })

  it('is a live region in which the seconds are not said one by one', async () => {
    await using server = await startUpstream()
    await using app = await open(server.url)
    await app.shows('connected')
    server.connections[0]!.close(1012, 'service restart; retry=60000')
    await app.shows('connection lost, back in 60 s')
    const status = app.page.locator('#status')
    expect(await status.getAttribute('role')).toBe('status')
    expect(await status.getAttribute('data-state')).toBe('waiting')
    const timer = status.getByRole('timer')
    expect([await timer.getAttribute('aria-live'), await timer.textContent()]).toEqual([
      'off',
      'back in 60 s',
    ])
  })

  it('connects anew for another URL, and for nothing else', async () => {
    await using server = await startUpstream()
    await using app = await open(`${server.url}/a`)
    await app.shows('connected')
    await app.drive(`drive.set({ name: 'second' })`)
    await app.drive(`drive.connection.send('hello')`)
    await eventually('the echo', async () => (await app.messages()).length > 0)
    expect(await app.messages()).toEqual(['second: hello'])
    expect(counts(server)).toEqual([1, 1])
    await app.drive(`drive.set({ url: '${server.url}/b' })`)
    await server.connections[0]!.closed
    await eventually('the other connection', () => server.connections.length === 2)
    await app.shows('connected')
    expect(server.connections.map(({ request }) => request.url)).toEqual(['/a', '/b'])
    await app.drive('drive.set({ url: null })')
    await app.shows('disconnected')
    await server.connections[1]!.closed
    expect(counts(server)).toEqual([2, 0])
    expect(app.faults).toEqual([])
  })
})

describe('the sources for React', () => {
  const root = fileURLToPath(new URL('../../..', import.meta.url))
  const sources = [
    'packages/client/src/react.ts',
    'packages/client/test/frameworks/react-app.tsx',
    'examples/react/Chat.tsx',
    'examples/react/main.tsx',
  ]

  it('give the rules of eslint-plugin-react-hooks nothing to say', async () => {
    const eslint = new ESLint({
      cwd: root,
      overrideConfigFile: true,
      overrideConfig: [
        { files: ['**/*.jsx'], ...hooks.configs.flat['recommended-latest'] },
        { files: ['**/*.jsx'], languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } } },
      ] as never,
    })
    const lint = async (text: string) => {
      // The rules read JavaScript; the types are taken off, and nothing else.
      const { outputText } = ts.transpileModule(text, {
        compilerOptions: {
          jsx: ts.JsxEmit.Preserve,
          target: ts.ScriptTarget.ES2023,
          module: ts.ModuleKind.ESNext,
        },
        fileName: 'source.tsx',
      })
      const [result] = await eslint.lintText(outputText, { filePath: join(root, 'source.jsx') })
      return result!.messages.map(({ ruleId, message }) => `${ruleId}: ${message.split('\n')[0]}`)
    }
    for (const source of sources)
      expect([source, await lint(ts.sys.readFile(join(root, source))!)]).toEqual([source, []])
    // What was here before, to show that they see.
    const before = `import { useRef } from 'react'
export function useLatest(value) { const latest = useRef(value); latest.current = value; return latest }`
    expect(await lint(before)).toEqual([expect.stringContaining('react-hooks/refs')])
  })

  it('are right under strict', () => {
    const paths = {
      '@holdfast/client/react': ['../../packages/client/src/react.ts'],
      '@holdfast/close-codes': ['../../packages/close-codes/src/index.ts'],
    }
    const compilerOptions = { paths, skipLibCheck: false, erasableSyntaxOnly: true, noUnusedLocals: true }
    const config = join(folder.path, 'tsconfig.json')
    writeFileSync(
      config,
      JSON.stringify({
        extends: '../../examples/react/tsconfig.json',
        compilerOptions,
        files: sources.map((source) => `../../${source}`),
      }),
    )
    const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url))
    const check = () =>
      execFileSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8', stdio: 'pipe' })
    try {
      expect(check()).toBe('')
    } catch (error) {
      throw new Error((error as { stdout: string }).stdout)
    }
  })
})
