// A replay module is a program of the user's own: it is tried before a gateway takes it.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  eventually,
  holdfastMain,
  runHoldfast,
  runtime,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'holdfast-replay-'))
afterAll(() => rmSync(folder, { recursive: true }))

const good =
  'export default () => ({ onClient() {}, onUpstream() {}, replay: () => [], swallow: () => false })'

function moduleOf(source: string): string {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.mjs`)
  writeFileSync(path, source)
  return path
}

const config = (upstream: string, file?: string) => ({
  workers: 1,
  routes: [{ name: 'r', upstreams: [upstream], ...(file && { hold: { replay: { file } } }) }],
})

const bad: [what: string, source: string, words: RegExp][] = [
  ['does not parse', 'export default function ( {', /cannot load the replay module/],
  ['throws', 'throw new Error("not today")', /not today/],
  ['loops', 'for (;;) {}', /was not loaded within 5 s/],
  ['waits for ever', 'await new Promise(() => setInterval(() => {}, 1000))', /was not loaded within 5 s/],
  ['ends its process', 'process.exit(3)', /ended its process .*status 3/],
  ['is none', 'export default 3', /is no replay module/],
  ['makes nothing', 'export default () => {}', /has no method onClient/],
  [
    'makes a promise',
    'export default async () => { throw new Error("later") }',
    /create\(\) must not be async/,
  ],
  [
    'leaves a rejection behind',
    `Promise.reject(new Error("later")); ${good}`,
    /outside of every call: later/,
  ],
  [
    'throws later',
    `setTimeout(() => { throw new Error("later") }, 20); ${good}`,
    /outside of every call: later/,
  ],
  ['does not make one', 'export default () => { throw new Error("no room") }', /no room/],
]

test.each(bad)('validate refuses a module that %s', async (_, source, words) => {
  const path = join(folder, 'holdfast.yaml')
  writeFileSync(path, JSON.stringify(config('ws://127.0.0.1:1', moduleOf(source))))
  const { code, stderr } = await runHoldfast(['validate', '-c', path])
  expect(stderr).toMatch(/^holdfast: .*:\d+:\d+: routes\[0\]\.hold\.replay\.file cannot be used: /)
  expect(stderr).toMatch(words)
  expect(code).toBe(1)
})

test('a reload with a broken module changes nothing, one with a good module counts', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url) })
  for (const [, source, words] of bad.slice(0, 2)) {
    holdfast.writeConfig(config(upstream.url, moduleOf(source)))
    const { status, body } = await holdfast.api('/api/reload', { method: 'POST' })
    expect(status).toBe(422)
    expect(JSON.stringify(body)).toMatch(words)
    await using client = wsClient(holdfast.url)
    await client.opened
  }
  holdfast.writeConfig(config(upstream.url, moduleOf(good)))
  expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({
    status: 200,
    body: { changes: ['route r changed'] },
  })
  await using client = wsClient(holdfast.url)
  await client.opened
  client.send('hello')
  expect(await client.message()).toBe('hello')
})

test.skipIf(runtime().name !== 'node').each([
  ['ends its process', 'process.exit(3)'],
  ['leaves a rejection behind', 'Promise.reject(new Error("x"))'],
])('a module that %s in a worker alone reloads nothing', async (_, does) => {
  await using upstream = await startUpstream()
  await using holdfast = await startHoldfast({ config: config(upstream.url) })
  const source = `if (!process.argv[1].includes('check-main')) ${does}; ${good}`
  holdfast.writeConfig(config(upstream.url, moduleOf(source)))
  const { status, body } = await holdfast.api('/api/reload', { method: 'POST' })
  expect({ status, problems: JSON.stringify(body) }).toEqual({
    status: 422,
    problems: expect.stringContaining('worker 1 failed while it loaded'),
  })
  // The worker in its place starts with the configuration of before.
  await eventually('another worker', async () => {
    const { workers } = (await holdfast.api('/api/state')).body as {
      workers: { id: number; state: string }[]
    }
    return workers.some(({ id, state }) => id === 2 && state === 'ready')
  })
  await using client = wsClient(holdfast.url)
  await client.opened
})

test('a configuration comes through standard input, too', () => {
  const text = JSON.stringify(config('ws://127.0.0.1:1', moduleOf(good)))
  const command = 'printf %s "$2" | "$0" "$1" validate -c /dev/stdin'
  const said = execFileSync('/bin/sh', ['-c', command, runtime().path, holdfastMain, text], {
    encoding: 'utf8',
  })
  expect(said).toBe('/dev/stdin is valid\n')
})
