import { fileURLToPath } from 'node:url'
import { Child, runHoldfast } from '@holdfast/testing'
import { expect, test } from 'vitest'

const program = fileURLToPath(new URL('../bin/holdfast.js', import.meta.url))
const start = (...args: string[]) => new Child(process.execPath, [program, 'docs', ...args])
const urlOf = (child: Child) => child.line('its address', (text) => /http:\S+/.exec(text)?.[0])

test('docs serves the site on a port of its own until a signal, and ends with 0', async () => {
  await using child = start()
  const url = await urlOf(child)
  const page = await fetch(`${url}ja/1012-vs-1014`)
  expect(page.url).toBe(`${url}ja/1012-vs-1014/`)
  expect(await page.text()).toContain('<html lang="ja">')
  expect((await fetch(`${url}codes.json`)).headers.get('content-type')).toMatch(/json/)
  expect((await fetch(`${url}nothing/`)).status).toBe(404)
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  process.kill(child.pid, 'SIGINT')
  expect(await child.exited).toEqual({ code: 0, signal: null })
  expect(child.stderr).toEqual([])
})

test('docs says which port is taken, and what to do', async () => {
  await using child = start()
  const { port } = new URL(await urlOf(child))
  const { code, stderr } = await runHoldfast(['docs', '--port', port])
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: `holdfast: port ${port} is taken; choose another with --port, or leave it out`,
  })
})
