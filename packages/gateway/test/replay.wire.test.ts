// `first: N`, modules of the user's own and modules that fail, through a gateway; the protocols have files of their own.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  runHoldfast,
  startGateway,
  startHoldfast,
  startUpstream,
  type UpstreamConnection,
  wsClient,
} from '@holdfast/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

const hold = { for: 20_000, on: [1012, 'lost' as const], state: 'auto' as const, buffer: 256 * 1024 }

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function moduleFile(name: string, source: string): string {
  const path = join(folder, name)
  writeFileSync(path, source)
  return path
}

async function heard(connection: UpstreamConnection, count: number): Promise<(string | Buffer)[]> {
  await connection.changes.until(`${count} messages`, () => connection.messages.length >= count)
  return connection.messages
}

test('the first N messages of the client come to each upstream first, in order, text and binary', async () => {
  await using upstream = await startUpstream({ perMessageDeflate: true })
  await using gateway = await startGateway({
    upstreams: [upstream.url],
    hold: { ...hold, replay: { by: 'first', messages: 2 } },
  })
  await using client = wsClient(gateway.url, { perMessageDeflate: true })
  await client.opened
  const bytes = Buffer.from([0, 255, 1])
  for (const message of ['hello', bytes, 'third']) client.send(message)
  const first = await upstream.connection()
  await heard(first, 3)
  first.close(1012)
  const second = await upstream.connection()
  await heard(second, 2)
  client.send('fourth')
  expect(await heard(second, 3)).toEqual(['hello', bytes, 'fourth'])
  second.socket.terminate()
  const third = await upstream.connection()
  client.send('fifth')
  expect(await heard(third, 3)).toEqual(['hello', bytes, 'fifth'])
  expect(client.ending).toBeUndefined()
})

test('the first N messages come as the client said them: where it had an answer first, so does the gateway', async () => {
  await using upstream = await startUpstream({ echo: false })
  await using gateway = await startGateway({
    upstreams: [upstream.url],
    hold: { ...hold, replay: { by: 'first', messages: 2 } },
  })
  await using client = wsClient(gateway.url)
  await client.opened
  const first = await upstream.connection()
  for (const [words, answer] of [
    ['login', 'welcome'],
    ['subscribe', 'subscribed'],
  ] as const) {
    client.send(words)
    await first.changes.until(words, () => first.messages.includes(words))
    first.socket.send(answer)
    await client.changes.until(answer, () => client.messages.includes(answer))
  }
  first.close(1012)
  const second = await upstream.connection()
  client.send('meanwhile')
  await heard(second, 1)
  // What is sent in one go comes in one.
  expect(second.messages).toEqual(['login'])
  second.socket.send('welcome again')
  await heard(second, 2)
  expect(second.messages).toEqual(['login', 'subscribe'])
  second.socket.send('subscribed again')
  expect(await heard(second, 3)).toEqual(['login', 'subscribe', 'meanwhile'])
  // What it answers, the client gets.
  const answers = ['welcome', 'subscribed', 'welcome again', 'subscribed again']
  await client.changes.until('the answers', () => client.messages.length === 4)
  expect(client.messages).toEqual(answers)
})

test('a module of the user is loaded from a file beside the configuration', async () => {
  moduleFile(
    'my %23 replay.mjs',
    `export default (saved = { user: undefined, welcomed: false }) => {
      let swallows = false
      let waits = false
      return {
        onClient({ data }) { if (data.startsWith('login ')) saved.user = data.slice(6) },
        onUpstream({ data }) { if (data.startsWith('welcome ')) saved.welcomed = true },
        answer: () => [{ type: 'text', data: 'back' }],
        replay() {
          waits = swallows = saved.welcomed
          return [{ type: 'text', data: 'login ' + saved.user }]
        },
        rest: () => waits ? undefined : [{ type: 'text', data: 'again' }],
        swallow({ data }) {
          if (!swallows || !data.startsWith('welcome ')) return false
          swallows = waits = false
          return true
        },
        save: () => saved,
      }
    }`,
  )
  await using upstream = await startUpstream({ echo: false })
  const config = join(folder, 'holdfast.yaml')
  writeFileSync(
    config,
    `listen: 127.0.0.1:0
admin: off
workers: 1
routes:
  - name: chat
    upstreams: [${upstream.url}]
    hold: { for: 20s, replay: { file: "./my %23 replay.mjs" } }
`,
  )
  await using gateway = await startHoldfast({ args: ['-c', config] })
  await using client = wsClient(gateway.url)
  await client.opened
  client.send('login me')
  const first = await upstream.connection()
  await heard(first, 1)
  first.send('welcome me')
  expect(await client.message()).toBe('welcome me')
  first.close(1012)
  const second = await upstream.connection()
  expect(await client.message()).toBe('back')
  client.send('later')
  expect(await heard(second, 1)).toEqual(['login me'])
  second.send('welcome me')
  expect(await heard(second, 3)).toEqual(['login me', 'again', 'later'])
  second.send('news')
  expect(await client.message()).toBe('news')
  expect(client.ending).toBeUndefined()
})

test('a file that is no module keeps the gateway from starting, and says what is wrong with it', async () => {
  const file = moduleFile('wrong.mjs', 'export default 1')
  const config = join(folder, 'wrong.json')
  const route = { name: 'a', upstreams: ['ws://127.0.0.1:1'], hold: { replay: { file } } }
  writeFileSync(config, JSON.stringify({ listen: '127.0.0.1:0', admin: 'off', workers: 1, routes: [route] }))
  const { code, stderr } = await runHoldfast(['serve', '-c', config])
  expect(code).toBeGreaterThan(0)
  expect(stderr).toContain('must be a function create(saved)')
})

test.each([
  ['onClient', 'client'],
  ['onUpstream', 'client'],
  ['answer', 'restart'],
  ['replay', 'restart'],
  ['rest', 'restart'],
  ['swallow', 'restart'],
])(
  'a module whose %s() throws ends its connection with 1011, is logged, and others go on',
  async (method, when) => {
    const file = moduleFile(
      `throws-${method}.mjs`,
      `export default () => {
      let bad = false
      const replay = {
        onClient({ data }) { bad ||= data === 'bad' },
        onUpstream() {},
        answer: () => [],
        replay: () => [],
        rest: () => [],
        swallow: () => false,
      }
      const good = replay.${method}
      replay.${method} = (message) => {
        const result = good(message)
        if (bad) throw new Error('a secret of the module')
        return result
      }
      return replay
    }`,
    )
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      hold: { ...hold, replay: { by: 'file', path: file } },
    })
    await using good = wsClient(gateway.url)
    await good.opened
    await using bad = wsClient(gateway.url)
    await bad.opened
    good.send('good')
    expect(await good.message()).toBe('good')
    bad.send('bad')
    if (when === 'restart') {
      expect(await bad.message()).toBe('bad')
      for (const connection of upstream.connections) connection.close(1012)
      await upstream.changes.until('new connections', () => upstream.connections.length >= 4)
      upstream.connections.at(-1)!.send('to one')
      upstream.connections.at(-2)!.send('to the other')
    }
    expect(await bad.closed).toMatchObject({ code: 1011, reason: expect.not.stringContaining('secret') })
    const line = await gateway.changes.until('a line of the log', () =>
      gateway.log.find((one) => JSON.stringify(one).includes('a secret of the module')),
    )
    expect(line.level).toBeGreaterThanOrEqual(50)
    good.send('still here')
    await good.changes.until('the echo', () => good.messages.includes('still here'))
    expect(good.ending).toBeUndefined()
  },
)

/** A module that cannot restore a connection once that method has been called for a client that has said "odd". */
function unsure(method: string): string {
  return moduleFile(
    `unsure-${method}.mjs`,
    `export default () => {
      let odd = false
      let sure = true
      const replay = {
        onClient({ data }) { odd ||= data.startsWith('odd') },
        onUpstream() {},
        onUnread() {},
        answer: () => [],
        replay: () => [],
        rest: () => [],
        swallow: () => '${method}' === 'swallow',
        restores: () => sure,
      }
      const usual = replay.${method}
      replay.${method} = (message) => {
        const result = usual(message)
        sure = !odd
        return result
      }
      return replay
    }`,
  )
}

test.each(['onClient', 'onUpstream', 'answer', 'replay', 'rest', 'swallow'])(
  'a module that cannot restore the connection any more after %s(): the client is told 1012 once a server is there again',
  async (method) => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      hold: { ...hold, replay: { by: 'file', path: unsure(method) } },
    })
    await using client = wsClient(gateway.url)
    await client.opened
    for (const said of ['odd', 'later']) {
      client.send(said)
      await client.changes.until(said, () => client.messages.includes(said))
    }
    const first = await upstream.connection()
    first.socket.terminate()
    if (method === 'swallow') {
      const second = await upstream.connection()
      second.send('for nobody')
    }
    expect(await client.closed).toMatchObject({ code: 1012, reason: expect.stringMatching(/; retry=\d+$/) })
    expect(client.messages).toEqual(['odd', 'later'])
    expect(gateway.log.filter(({ level }) => Number(level) >= 50)).toEqual([])
  },
)

test.each([
  ['client', 'a'.repeat(600_000), 'b'],
  ['upstream', 'a', 'b'.repeat(600_000)],
  ['neither', 'a', 'b'],
])(
  'messages over hold.buffer are not shown to the module, which is told: of %s',
  async (who, said, answered) => {
    const path = moduleFile(
      'unread.mjs',
      `export default () => {
      const unread = new Set()
      return {
        onClient() {}, onUpstream() {}, replay: () => [], swallow: () => false,
        onUnread(from) { unread.add(from) },
        restores: () => unread.size === 0,
      }
    }`,
    )
    await using upstream = await startUpstream({ echo: false })
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      hold: { ...hold, buffer: 65_536, replay: { by: 'file', path } },
    })
    await using client = wsClient(gateway.url)
    await client.opened
    client.send(said)
    const first = await upstream.connection()
    await heard(first, 1)
    first.send(answered)
    await client.message()
    first.socket.terminate()
    if (who !== 'neither') return expect(await client.closed).toMatchObject({ code: 1012 })
    const second = await upstream.connection()
    client.send('on')
    expect(await heard(second, 1)).toEqual(['on'])
  },
)
