// `holdfast check --hold URL` with clients that open their connections in different ways.
import { Child, holdfastMain, rawClient, rawUpstream, runHoldfast, runtime } from '@holdfast/testing'
import { expect, test } from 'vitest'

async function recording(url: string, ...args: string[]) {
  const child = new Child(runtime().path, [holdfastMain, 'check', '--hold', url, '--idle', '900ms', ...args])
  const find = (lines: string[]) => lines.map((line) => /to (ws:\S+) within/.exec(line)?.[1]).find(Boolean)
  const address = () => find(child.stdout) ?? find(child.stderr)
  const at = await child.changes.until('the address', address, { detail: () => child.describe() })
  return {
    at,
    /** What it wrote in all, and its exit status. */
    async result() {
      const { code } = await child.exited
      return { code, page: child.stdout.join('\n') }
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  }
}

test('the opening of a chat is written down, handed on as it is, and proposes first: 2', async () => {
  await using upstream = await rawUpstream()
  await using check = await recording(`${upstream.url}/ws?token=1`)
  expect(check.at).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/ws\?token=1$/)
  await using client = await rawClient(check.at, {
    extensions: 'permessage-deflate',
    headers: { Cookie: 'sid=1' },
  })
  const peer = await upstream.connection()
  expect(peer.request.startLine).toBe('GET /ws?token=1 HTTP/1.1')
  expect(peer.request.headers).toMatchObject({ host: new URL(upstream.url).host, cookie: 'sid=1' })
  expect(peer.request.headers['sec-websocket-extensions']).toBeUndefined()
  expect(peer.request.headers['x-forwarded-for']).toBeUndefined()
  client.text('{"login":"ann"}')
  await peer.message()
  peer.text('{"ok":true}')
  await client.message()
  client.text('{"join":"room 1"}')
  await peer.message()
  client.ping('still here')
  const { code, page } = await check.result()
  expect(code).toBe(0)
  expect(page).toMatch(/ms {2}client {2}text, 15 B {2}\{"login":"ann"\}\n +\d+ ms {2}server {2}text, 11 B/)
  expect(page).toContain('hold: { replay: { first: 2 } }')
  expect(upstream.connections).toHaveLength(1)
})

test('a protocol that is recognised is named, in JSON, too', async () => {
  await using upstream = await rawUpstream({ protocol: 'first' })
  await using check = await recording(upstream.url, '--json')
  await using client = await rawClient(check.at, { protocols: ['graphql-transport-ws'] })
  client.text('{"type":"connection_init"}')
  await (await upstream.connection()).message()
  const { code, page } = await check.result()
  expect(code).toBe(0)
  expect(JSON.parse(page)).toMatchObject({
    protocol: 'graphql-transport-ws',
    said: [{ from: 'client', message: { type: 'text', data: '{"type":"connection_init"}' } }],
    proposal: { by: 'recognised', replay: 'graphql-transport-ws', hold: '{}' },
  })
})

test('what is wrong is said in one line', async () => {
  const bad = await runHoldfast(['check', '--hold', 'ftp://a'])
  expect(bad).toMatchObject({ code: 2, stdout: '' })
  expect(bad.stderr).toContain('the URL must')
  const alone = await runHoldfast(['check', '--hold', 'ws://127.0.0.1:1', '--timeout', '100ms'])
  expect(alone.code).toBe(1)
  expect(alone.stderr).toContain('no client connected within 0.1 s')
  expect(await runHoldfast(['check', '--hold'])).toMatchObject({ code: 2 })
})
