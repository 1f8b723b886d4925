import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Replay, ReplayModule } from '../src/hold/replay/module.ts'
import { loadReplay, replayLimits, replayProtocols } from '../src/hold/replay/replay.ts'
import type { Message } from '../src/wire/message-reader.ts'
import { Conversation } from './replay-conversation.ts'

test('none is no module; every protocol that is named has one; another name is an error', async () => {
  expect(await loadReplay({ by: 'none' })).toBeUndefined()
  expect(replayProtocols).toEqual([
    ...['graphql-transport-ws', 'phoenix', 'action-cable', 'stomp'],
    ...['mqtt', 'nats', 'trpc', 'yjs', 'hocuspocus', 'socketcluster'],
  ])
  for (const name of replayProtocols) {
    const module = await loadReplay({ by: 'protocol', name })
    expect(module!.create().replay()).toEqual([])
  }
  for (const name of ['irc', 'constructor']) {
    await expect(loadReplay({ by: 'protocol', name })).rejects.toMatchObject({
      name: 'GatewayError',
      code: 'replay_unknown',
      message: expect.stringContaining('known: graphql-transport-ws, phoenix'),
    })
  }
})

describe('first', () => {
  const messages = fc.array(
    fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
    ),
  )

  test('the first N messages of the client are sent again at each restart, in order', async () => {
    for (const restless of [false, true]) {
      await fc.assert(
        fc.asyncProperty(messages, fc.integer({ min: 1, max: 6 }), async (list, count) => {
          const talk = new Conversation((await loadReplay({ by: 'first', messages: count }))!, { restless })
          talk
            .client(...list)
            .upstream('answer')
            .restart()
            .client('later')
            .restart()
          expect(talk.toUpstream).toEqual([...list, 'later'].slice(0, count))
          expect(talk.toClient).toEqual(['answer'])
        }),
      )
    }
  })

  /** For how long each of the messages that are said again wants an answer before the next one. */
  async function pace(count: number, talk: (talk: Replay) => void): Promise<(number | undefined)[]> {
    const module = (await loadReplay({ by: 'first', messages: count }))!
    const replay = module.create()
    talk(replay)
    const moved = module.create(JSON.parse(JSON.stringify(replay.save!())))
    expect([moved.replay(), moved.over!()]).toEqual([replay.replay(), replay.over!()])
    return replay.replay().map(({ answerWithinMs }) => answerWithinMs)
  }
  const word: Message = { type: 'text', data: 'x' }

  test('the answer is awaited where the client had one before it went on, and nowhere else', async () => {
    const patterns = fc.array(fc.boolean(), { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(patterns, fc.integer({ min: 1, max: 8 }), async (answered, count) => {
        const said = answered.slice(0, count)
        const waits = await pace(count, (talk) => {
          talk.onUpstream(word)
          for (const has of answered) {
            talk.onClient(word)
            if (has) talk.onUpstream(word)
          }
        })
        expect(waits).toEqual(
          said.map((has, index) => (has ? (index === said.length - 1 ? 1000 : 5000) : undefined)),
        )
      }),
    )
  })

  test('what comes after the client has gone on is no answer, and a long message is one', async () => {
    const late = await pace(1, (talk) => {
      talk.onClient(word)
      talk.onClient(word)
      talk.onUpstream(word)
    })
    expect(late).toEqual([undefined])
    const long = await pace(1, (talk) => {
      talk.onClient(word)
      talk.onUnread!('upstream')
    })
    expect(long).toEqual([1000])
  })

  test('reads on only until it knows the opening', async () => {
    const replay = (await loadReplay({ by: 'first', messages: 2 }))!.create()
    const seen = [replay.over!()]
    for (const from of ['client', 'upstream', 'client', 'upstream'] as const) {
      if (from === 'client') replay.onClient(word)
      else replay.onUpstream(word)
      seen.push(replay.over!())
    }
    expect(seen).toEqual([false, false, false, false, true])
  })

  test('of messages that are too big to keep it lets go', async () => {
    const talk = new Conversation((await loadReplay({ by: 'first', messages: 2 }))!)
    talk.client('x'.repeat(replayLimits.bytes))
    expect(talk.letGo).toBeUndefined()
    expect(talk.client('y').letGo).toMatch(/set hold.replay/)
  })
})

describe('file', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'replay-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  let count = 0
  function load(source: string): Promise<ReplayModule | undefined> {
    const path = join(folder, `module-${++count}.mjs`)
    writeFileSync(path, source)
    return loadReplay({ by: 'file', path })
  }
  const methods = 'onClient() {}, onUpstream() {}, replay: () => [], swallow: () => false'

  test('a module of the user is loaded, whole or as its create alone', async () => {
    const whole = await load(`export default { needsUpstream: false, create: () => ({ ${methods} }) }`)
    expect(whole?.needsUpstream).toBe(false)
    const short = (await load(`
      export default (saved = []) => ({
        onClient(message) { saved.push(message.data) },
        onUpstream() {},
        replay: () => saved.map((data) => ({ type: 'text', data })),
        rest: () => [{ type: 'binary', data: new Uint8Array([1, 2]) }],
        swallow: ({ data }) => data === 'hidden' || (data === 'old' ? [{ type: 'text', data: 'new' }] : false),
        save: () => saved,
      })`))!
    expect(short.needsUpstream).toBe(true)
    const talk = new Conversation(short, { restless: true }).client('a', 'b').restart()
    expect(talk.toUpstream).toEqual(['a', 'b', Buffer.from([1, 2])])
    expect(talk.upstream('shown', 'hidden', 'old').toClient).toEqual(['shown', 'new'])
  })

  test.each([
    ['export default 1', 'must be a function create(saved)'],
    ['export const create = () => {}', 'must be a function create(saved)'],
    ['export default null', 'must be a function create(saved)'],
    [`export default { create() {}, needsUpstream: 'yes' }`, 'needsUpstream'],
    ['export default {', 'cannot load'],
    ['throw new Error("no key")', 'no key'],
    ['import "./absent.mjs"', 'cannot load'],
  ])('a file with %j is refused with what is wrong', async (source, words) => {
    await expect(load(source)).rejects.toMatchObject({
      name: 'GatewayError',
      code: 'replay_file',
      message: expect.stringContaining(words),
    })
  })

  test('a file that is not there is refused', async () => {
    const path = join(folder, 'absent.mjs')
    await expect(loadReplay({ by: 'file', path })).rejects.toThrow(`cannot load the replay module ${path}`)
  })

  const text: Message = { type: 'text', data: '' }
  test.each<[string, (replay: Replay) => unknown, string]>([
    ['replay: () => "x"', (it) => it.replay(), 'replay() did not return an array of messages'],
    ['replay: () => ["x"]', (it) => it.replay(), 'replay() did not return an array of messages'],
    ['replay: () => [{ type: "text", data: 1 }]', (it) => it.replay(), 'a message is'],
    [
      'replay: () => [{ type: "text", data: "x", answerWithinMs: -1 }]',
      (it) => it.replay(),
      'answerWithinMs is not a number',
    ],
    ['replay: async () => []', (it) => it.replay(), 'replay() must not be async'],
    ['answer: () => 1', (it) => it.answer!(), 'answer() did not return'],
    ['rest: () => null', (it) => it.rest!(), 'rest() did not return'],
    ['swallow: () => 1', (it) => it.swallow(text), 'swallow() did not return a boolean or an array'],
    ['onClient: async () => { throw 1 }', (it) => it.onClient(text), 'onClient() must not be async'],
    ['onUpstream: async () => {}', (it) => it.onUpstream(text), 'onUpstream() must not be async'],
    ['onClient() { throw new Error("mine") }', (it) => it.onClient(text), 'mine'],
  ])('a method that does what it must not is named: %s', async (method, call, words) => {
    const module = await load(`export default () => ({ ${methods}, ${method} })`)
    const replay = module!.create()
    expect(() => call(replay)).toThrow(words)
  })

  test('what create returns must have the methods', async () => {
    const none = await load('export default () => {}')
    expect(() => none!.create()).toThrow('no method onClient()')
    const some = await load('export default () => ({ onClient() {}, onUpstream() {}, replay() {} })')
    expect(() => some!.create()).toThrow('no method swallow()')
  })

  test('the module in the guide does what the guide says', async () => {
    const guide = readFileSync(new URL('../../../docs/replay.md', import.meta.url), 'utf8')
    const module = await load(/```js\n(.*?)```/s.exec(guide)![1]!)
    const talk = new Conversation(module!, { restless: false })
    talk.client('login me').upstream('welcome').client('join a', 'join b', 'leave a').lose().client('hello')
    talk.attach()
    expect(talk.toUpstream).toEqual(['login me'])
    talk.upstream('welcome', 'news')
    expect(talk.toUpstream).toEqual(['login me', 'join b', 'hello'])
    expect(talk.toClient).toEqual(['welcome', 'news'])
    talk.handOver().restart().upstream('welcome')
    expect(talk.toUpstream).toEqual(['login me', 'join b'])
    expect(talk.toClient).toEqual(['welcome', 'news'])
  })
})
