import fc from 'fast-check'
import { expect, test } from 'vitest'
import { replayLimits } from '../src/hold/replay/bounded-map.ts'
import { stomp } from '../src/hold/replay/stomp.ts'
import { StompReader, stompFrame } from '../src/hold/replay/stomp-reader.ts'
import { Conversation } from './replay-conversation.ts'

type Headers = Record<string, string>

/** A frame as clients and servers write it. */
function frame(command: string, headers: Headers = {}, body = ''): string {
  return stompFrame(command, Object.entries(headers)).replace(/\0$/, `${body}\0`)
}

const connect = frame('CONNECT', { 'accept-version': '1.2', host: 'a', login: 'l', passcode: 'p' })
const connected = frame('CONNECTED', { version: '1.2', 'heart-beat': '0,0' })
const subscribe = (id: string, more: Headers = {}) =>
  frame('SUBSCRIBE', { id, destination: `/topic/${id}`, ...more })
const receipt = (id: string) => frame('RECEIPT', { 'receipt-id': id })
const message = (id: string) => frame('MESSAGE', { subscription: id, 'message-id': '1' }, 'RECEIPT')

function opened(): Conversation {
  return new Conversation(stomp).client(connect).upstream(connected)
}

test('the session is opened again, and subscriptions wait for the second CONNECTED, which does not show', () => {
  const talk = opened().client(subscribe('0'), frame('SEND', { destination: '/queue/pay' }, 'x'), '\n')
  talk.lose().client(subscribe('1')).attach()
  expect(talk.toUpstream).toEqual([connect])
  talk.upstream('\n')
  expect(talk.toUpstream).toEqual([connect])
  talk.upstream(connected, message('0'))
  expect(talk.toUpstream).toEqual([connect, subscribe('0'), subscribe('1')])
  expect(talk.toClient).toEqual([connected, '\n', message('0')])
})

test('a client that has had no CONNECTED gets the next one', () => {
  const talk = new Conversation(stomp).client(frame('STOMP')).restart().upstream(connected)
  expect(talk.toUpstream).toEqual([frame('STOMP')])
  expect(talk.toClient).toEqual([connected])
  expect(new Conversation(stomp).restart().toUpstream).toEqual([])
})

test('what was unsubscribed is not subscribed to again; without an id the destination counts', () => {
  const talk = opened()
    .client(subscribe('0'), subscribe('1'), frame('UNSUBSCRIBE', { id: '0' }))
    .client(frame('SUBSCRIBE', { destination: '/a' }), frame('SUBSCRIBE', { destination: '/b' }))
    .client(frame('UNSUBSCRIBE', { destination: '/a' }))
    .restart()
    .upstream(connected)
  expect(talk.toUpstream).toEqual([connect, subscribe('1'), frame('SUBSCRIBE', { destination: '/b' })])
})

test('receipts: of what is repeated the second does not show; of what is not, the client is told', () => {
  const talk = opened()
    .client(subscribe('0', { receipt: 'r0' }))
    .upstream(receipt('r0'))
    .client(subscribe('1', { receipt: 'r1' }), frame('SEND', { destination: '/q', receipt: 'r2' }, 'x'))
    .client(frame('UNSUBSCRIBE', { id: '9', receipt: 'r3' }), frame('ACK', { id: '5', receipt: 'r4' }))
  const before = talk.toClient.length
  talk.restart().upstream(connected, receipt('r0'), receipt('r1'))
  expect(talk.toClient.slice(before)).toEqual([
    frame('ERROR', { message: 'service restart, it may not have been handled', 'receipt-id': 'r2' }),
    receipt('r3'),
    frame('ERROR', { message: 'service restart, it may not have been handled', 'receipt-id': 'r4' }),
    receipt('r1'),
  ])
})

test('a subscription that ended before its receipt came has its receipt', () => {
  const talk = opened()
    .client(subscribe('0', { receipt: 'r0' }), frame('UNSUBSCRIBE', { id: '0' }))
    .restart()
  expect(talk.toClient.at(-1)).toBe(receipt('r0'))
})

test('an open transaction is aborted, and the client is told; a finished one is not', () => {
  const talk = opened()
  for (const transaction of ['t1', 't2', 't3']) talk.client(frame('BEGIN', { transaction }))
  talk.client(frame('COMMIT', { transaction: 't1' }), frame('ABORT', { transaction: 't2' })).restart()
  expect(talk.toClient.slice(1)).toEqual([
    frame('ERROR', { message: 'service restart, transaction t3 was aborted' }),
  ])
})

test('a client that is leaving is let go', () => {
  const talk = opened()
    .client(subscribe('0'), frame('DISCONNECT', { receipt: 'bye' }))
    .restart()
  expect(talk.toClient.at(-1)).toBe(receipt('bye'))
  expect(talk.toUpstream).toEqual([])
})

test('of another STOMP version of the next upstream it lets go', () => {
  const talk = opened()
    .restart()
    .upstream(frame('CONNECTED', { version: '1.1' }))
  expect(talk.letGo).toMatch('STOMP 1.1')
  expect(talk.toClient).toEqual([connected])
})

test('an upstream that is lost before its CONNECTED changes nothing', () => {
  const talk = opened().client(subscribe('0')).restart().restart().upstream(connected)
  expect(talk.toUpstream).toEqual([connect, subscribe('0')])
  expect(talk.toClient).toEqual([connected])
})

test('frames that share a message with the second CONNECTED reach the client', () => {
  const talk = opened()
    .client(subscribe('0'))
    .restart()
    .upstream(`${connected}\n${message('0')}`)
  expect(talk.toClient).toEqual([connected, `\n${message('0')}`])
  const bytes = opened()
    .restart()
    .upstream(Buffer.from(connected + message('0')))
  expect(bytes.toClient).toEqual([connected, Buffer.from(message('0'))])
})

test('frames in binary messages, split over several, and several in one are followed alike', () => {
  const all = `${connect}\n${subscribe('0')}${frame('SEND', { destination: '/q', 'content-length': '31' }, 'SUBSCRIBE\nid:7\ndestination:/7\n\0')}\n\n${subscribe('1')}`
  fc.assert(
    fc.property(fc.array(fc.nat(all.length)), fc.boolean(), (cuts, binary) => {
      const talk = new Conversation(stomp)
      const places = [0, ...cuts.sort((a, b) => a - b), all.length]
      for (let i = 1; i < places.length; i++) {
        const part = all.slice(places[i - 1], places[i])
        talk.client(binary ? Buffer.from(part) : part)
      }
      talk.upstream(connected).restart().upstream(connected)
      expect(talk.toUpstream).toEqual([connect, subscribe('0'), subscribe('1')])
    }),
  )
})

test('of a frame that was cut in two by the restart it lets go, and heart-beats are no frame', () => {
  const talk = opened().client('\r\n', '\n').restart().upstream(connected)
  talk.client('SEND\ndestination:/q\n\nhal')
  expect(talk.restart().letGo).toMatch('cut')
  expect(opened().client(`SEND\n${'x'.repeat(70_000)}`).letGo).toMatch(/headers in one STOMP frame/)
})

test('a hand-over inside a frame does not lose it', () => {
  for (const at of [5, 20, subscribe('0').length - 1]) {
    const talk = opened().client(subscribe('0').slice(0, at)).handOver().client(subscribe('0').slice(at))
    expect(talk.restart().upstream(connected).toUpstream).toEqual([connect, subscribe('0')])
  }
})

test('of more than can be kept it lets go', () => {
  const talk = opened()
  for (let i = 0; i <= replayLimits.entries; i++) talk.client(subscribe(`${i}`))
  expect(talk.letGo).toMatch(/4096 entries/)
})

test('heads are read as written, of repeated headers the first', () => {
  const [read] = new StompReader().read({
    type: 'text',
    data: 'SEND\r\na:1\r\na:2\r\nb:x\\cy:z\r\n:\r\n\r\nbody\0',
  })
  expect(read).toEqual({
    command: 'SEND',
    headers: new Map([
      ['a', '1'],
      ['b', 'x\\cy:z'],
    ]),
  })
})

test('no bytes make the reader throw', () => {
  const bytes = fc.array(fc.constantFrom(0, 10, 13, 58, 65, 92), { maxLength: 60 })
  fc.assert(
    fc.property(fc.array(bytes), (messages) => {
      const reader = new StompReader()
      for (const data of messages) reader.read({ type: 'binary', data: Buffer.from(data) })
    }),
  )
})

const happenings = fc.array(
  fc.tuple(
    fc.constantFrom('subscribe', 'unsubscribe', 'send', 'half', 'answer', 'lose', 'attach', 'connected'),
    fc.nat(3),
  ),
  { maxLength: 40 },
)

/** A server that answers receipts, in order, when it is let, and a client that asks for one each time. */
function play(list: [string, number][], restless: boolean) {
  const talk = new Conversation(stomp, { restless }).client(connect).upstream(connected)
  const wanted = new Map<string, string>()
  let greeted = true
  let answered = 0
  let count = 0
  const answer = () => {
    if (!talk.attached || !greeted) return false
    const asked = [...talk.toUpstream.join('').matchAll(/receipt:(r\d+)/g)][answered]
    if (!asked) return false
    answered += 1
    talk.upstream(receipt(asked[1]!))
    return true
  }
  const greet = () => {
    if (talk.attached && !greeted) talk.upstream(connected)
    if (talk.attached) greeted = true
  }
  const attach = () => {
    if (talk.attached) return
    greeted = false
    answered = 0
    talk.attach()
  }
  for (const [what, n] of list) {
    const id = String(n)
    const asked = { receipt: `r${++count}` }
    if (what === 'answer') answer()
    else if (what === 'lose') talk.lose()
    else if (what === 'attach') attach()
    else if (what === 'connected') greet()
    else if (what === 'half' && talk.attached && greeted) {
      const all = frame('SEND', { destination: '/q', ...asked }, 'x')
      talk.client(all.slice(0, n * 5), all.slice(n * 5))
    } else if (what === 'send') talk.client(frame('SEND', { destination: '/q', ...asked }, 'x'))
    else if (what === 'subscribe' && !wanted.has(id)) {
      wanted.set(id, subscribe(id, asked))
      talk.client(wanted.get(id)!)
    } else if (what === 'unsubscribe' && wanted.delete(id)) {
      talk.client(frame('UNSUBSCRIBE', { id, ...asked }))
    }
  }
  attach()
  greet()
  while (answer());
  return { talk, wanted }
}

test('whatever happens, the server ends with what the client wants, and each receipt is answered once', () => {
  fc.assert(
    fc.property(happenings, (list) => {
      const { talk, wanted } = play(list, false)
      const live = new Map<string, string>()
      for (const sent of talk.toUpstream.map(String)) {
        const id = /\nid:(\d)/.exec(sent)?.[1]
        if (sent.startsWith('SUBSCRIBE')) live.set(id!, sent)
        else if (sent.startsWith('UNSUBSCRIBE')) live.delete(id!)
      }
      expect(live).toEqual(wanted)
      const asked = [
        ...talk.upstreams
          .flat()
          .join('')
          .matchAll(/receipt:(r\d+)/g),
      ].map(([, id]) => id)
      const told = [...talk.toClient.join('').matchAll(/receipt-id:(r\d+)/g)].map(([, id]) => id)
      expect([...told].sort()).toEqual([...new Set(asked)].sort())
      expect(talk.toClient.filter((one) => String(one).startsWith('CONNECTED'))).toHaveLength(1)
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
