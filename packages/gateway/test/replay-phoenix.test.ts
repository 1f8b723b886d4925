import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { replayLimits } from '../src/hold/replay/bounded-map.ts'
import { phoenix } from '../src/hold/replay/phoenix.ts'
import { readPhoenix } from '../src/hold/replay/phoenix-message.ts'
import { Conversation, parsed } from './replay-conversation.ts'

type Write = (
  joinRef: string | null,
  ref: string | null,
  topic: string,
  event: string,
  payload: object,
) => object

const v2: Write = (...fields) => fields
const v1: Write = (joinRef, ref, topic, event, payload) =>
  joinRef === null ? { topic, event, payload, ref } : { topic, event, payload, ref, join_ref: joinRef }
/** What servers of V1 send has no join_ref. */
const v1Server: Write = (_, ref, topic, event, payload) => ({ topic, event, payload, ref })

const ok = { status: 'ok', response: {} }
const refused = { status: 'error', response: { reason: 'unauthorized' } }

describe.each([
  ['V2', v2, v2],
  ['V1', v1, v1Server],
])('serializer %s', (_, write, server) => {
  const join = (topic: string, ref: string) => write(ref, ref, topic, 'phx_join', { token: 't' })
  const reply = (topic: string, ref: string, payload: object = ok) =>
    server(ref, ref, topic, 'phx_reply', payload)

  function opened(...topics: string[]): Conversation {
    const talk = new Conversation(phoenix)
    topics.forEach((topic, i) => void talk.client(join(topic, `${i}`)).upstream(reply(topic, `${i}`)))
    return talk
  }

  test('channels are joined again as they were, and the second replies do not show', () => {
    const talk = opened('room:1', 'room:2').client(write('0', '9', 'room:1', 'new_msg', {}))
    const before = talk.toClient.length
    talk.restart()
    expect(parsed(talk.toUpstream)).toEqual([join('room:1', '0'), join('room:2', '1')])
    const news = server('0', null, 'room:1', 'news', {})
    talk.upstream(news, reply('room:1', '9'), reply('room:1', '0'), reply('room:2', '1'))
    expect(parsed(talk.toClient.slice(before))).toEqual([news, reply('room:1', '9')])
  })

  test('a join without its reply is made again, and the client gets the reply', () => {
    const talk = new Conversation(phoenix)
      .client(join('room:1', '0'))
      .restart()
      .upstream(reply('room:1', '0'))
    expect(parsed(talk.toClient)).toEqual([reply('room:1', '0')])
  })

  test('what was left, closed, crashed or refused is not joined again', () => {
    const talk = opened('left', 'closed', 'crashed', 'kept')
      .client(write('0', '7', 'left', 'phx_leave', {}), join('refused', '8'))
      .upstream(server('1', '1', 'closed', 'phx_close', {}), server('2', '2', 'crashed', 'phx_error', {}))
      .upstream(reply('refused', '8', refused), reply('left', '7'))
      .restart()
    expect(parsed(talk.toUpstream)).toEqual([join('kept', '3')])
  })

  test('a channel that the next upstream refuses crashes for the client, which then asks itself', () => {
    const talk = opened('room:1')
      .restart()
      .upstream(reply('room:1', '0', refused))
    expect(parsed(talk.toClient).at(-1)).toMatchObject(write('0', '0', 'room:1', 'phx_error', {}))
    talk.client(join('room:1', '5')).upstream(reply('room:1', '5', refused))
    expect(parsed(talk.toClient).at(-1)).toEqual(reply('room:1', '5', refused))
    expect(talk.restart().toUpstream).toEqual([])
  })

  test('a heartbeat and a leave that were in flight are answered, pushes are not', () => {
    const talk = opened('room:1')
      .client(write(null, '5', 'phoenix', 'heartbeat', {}), write('0', '6', 'room:1', 'pay', {}))
      .client(write('0', '7', 'room:1', 'phx_leave', {}))
      .restart()
    expect(talk.toUpstream).toEqual([])
    expect(parsed(talk.toClient.slice(1))).toEqual([
      write(null, '5', 'phoenix', 'phx_reply', ok),
      write('0', '7', 'room:1', 'phx_reply', ok),
    ])
    expect(talk.restart().toClient).toHaveLength(3)
  })

  test('a LiveView crashes for the client, which then joins it again and gets the page anew', () => {
    const talk = opened('lv:phx-1', 'room:1').restart()
    expect(parsed(talk.toClient).at(-1)).toMatchObject(write('0', '0', 'lv:phx-1', 'phx_error', {}))
    expect(parsed(talk.toUpstream)).toEqual([join('room:1', '1')])
    const early = new Conversation(phoenix).client(join('lv:phx-1', '0')).restart()
    expect(parsed(early.toUpstream)).toEqual([join('lv:phx-1', '0')])
  })

  test('an upstream that is lost before it has replied changes nothing', () => {
    const talk = opened('room:1').restart().restart().upstream(reply('room:1', '0'))
    expect(parsed(talk.toUpstream)).toEqual([join('room:1', '0')])
    expect(talk.toClient).toHaveLength(1)
  })

  const topics = ['a', 'b', 'c']
  const happenings = fc.array(
    fc.tuple(fc.constantFrom('join', 'leave', 'crash', 'answer', 'lose', 'attach'), fc.nat(2)),
    { maxLength: 40 },
  )

  /** A server that replies to what it was sent, in order, when it is let. */
  function play(list: [string, number][], restless: boolean) {
    const talk = new Conversation(phoenix, { restless })
    const joined = new Map<string, string>()
    let ref = 100
    let answered = 0
    const answer = () => {
      const sent = talk.toUpstream[answered]
      if (!talk.attached || sent === undefined) return false
      answered += 1
      const read = readPhoenix({ type: 'text', data: String(sent) }, 'client')!
      talk.upstream(server(read.joinRef, read.ref, read.topic, 'phx_reply', ok))
      return true
    }
    const attach = () => {
      if (talk.attached) return
      answered = 0
      talk.attach()
    }
    for (const [what, n] of list) {
      const topic = topics[n]!
      const joinRef = joined.get(topic)
      if (what === 'answer') answer()
      else if (what === 'lose') talk.lose()
      else if (what === 'attach') attach()
      else if (what === 'join' && joinRef === undefined) {
        joined.set(topic, String(++ref))
        talk.client(join(topic, String(ref)))
      } else if (what === 'leave' && joinRef !== undefined) {
        joined.delete(topic)
        talk.client(write(joinRef, String(++ref), topic, 'phx_leave', {}))
      } else if (what === 'crash' && joinRef !== undefined && talk.attached) {
        while (answer());
        joined.delete(topic)
        talk.upstream(server(joinRef, joinRef, topic, 'phx_error', {}))
      }
    }
    attach()
    while (answer());
    return { talk, joined }
  }

  test('whatever happens, the server ends with the channels that the client is in, and no reply comes twice', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const { talk, joined } = play(list, false)
        const live = new Map<string, string>()
        for (const sent of talk.toUpstream) {
          const { event, topic, ref } = readPhoenix({ type: 'text', data: String(sent) }, 'client')!
          if (event === 'phx_join') live.set(topic, ref!)
          else live.delete(topic)
        }
        for (const [topic, ref] of joined) expect(live.get(topic)).toBe(ref)
        const replies = talk.toClient
          .map((message) => readPhoenix({ type: 'text', data: String(message) }, 'upstream')!)
          .filter(({ event }) => event === 'phx_reply')
          .map(({ ref }) => ref)
        expect(new Set(replies).size).toBe(replies.length)
        for (const ref of joined.values()) expect(replies).toContain(ref)
      }),
    )
  })

  test('a hand-over after every message changes nothing', () => {
    fc.assert(
      fc.property(happenings, (list) => {
        const { talk: stays } = play(list, false)
        const { talk: moves } = play(list, true)
        expect(moves.toClient).toEqual(stays.toClient)
        expect(moves.upstreams).toEqual(stays.upstreams)
      }),
    )
  })
})

/** A binary frame of the V2 serializer. */
function binary(kind: number, fields: string[], payload = 'bytes'): Buffer {
  const head = Buffer.from([kind, ...fields.map((field) => Buffer.byteLength(field))])
  return Buffer.concat([head, Buffer.from(fields.join('') + payload)])
}

test('joins and replies in binary frames count, too', () => {
  const join = binary(0, ['1', '1', 'röom:1', 'phx_join'])
  const talk = new Conversation(phoenix)
    .client(join)
    .upstream(binary(1, ['1', '1', 'röom:1', 'ok']))
    .restart()
  expect(talk.toUpstream).toEqual([join])
  talk.upstream(binary(2, ['röom:1', 'news']), binary(0, ['1', 'röom:1', 'news']))
  talk.upstream(binary(1, ['1', '1', 'röom:1', 'ok']))
  expect(talk.toClient).toHaveLength(3)
  expect(readPhoenix({ type: 'binary', data: binary(1, ['1', '', 'a', 'error']) }, 'upstream')).toEqual({
    version: 2,
    joinRef: '1',
    ref: null,
    topic: 'a',
    event: 'phx_reply',
    status: 'error',
  })
})

test('an old join of the same topic does not end the new one', () => {
  const talk = new Conversation(phoenix).client(v2('1', '1', 'a', 'phx_join', {}))
  talk.client(v2('2', '2', 'a', 'phx_join', {})).upstream(v2('1', '1', 'a', 'phx_close', {}))
  talk.client(v2('1', '3', 'a', 'phx_leave', {}))
  expect(parsed(talk.restart().toUpstream)).toEqual([v2('2', '2', 'a', 'phx_join', {})])
})

test('more than can be kept ends in an error; what is no message does no harm', () => {
  const odd = [
    '"phx_join"',
    '["phx_join"]',
    '{"event":"phx_join"}',
    '["phx_reply",1,2,3,4]',
    '{',
    Buffer.from([0]),
  ]
  const talk = new Conversation(phoenix).client(...odd).upstream(...odd)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      talk.client(Buffer.from(bytes)).upstream(Buffer.from(bytes))
    }),
  )
  for (let i = 0; i <= replayLimits.entries; i++) talk.client(v2(`${i}`, `${i}`, `${i}`, 'phx_join', {}))
  expect(talk.letGo).toMatch(/4096 entries/)
  const large = v2('x', 'x', 'x', 'phx_join', { big: 'x'.repeat(replayLimits.bytes) })
  expect(new Conversation(phoenix).client(large).letGo).toMatch(/1048576 bytes/)
})
