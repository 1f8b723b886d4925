import fc from 'fast-check'
import { expect, test } from 'vitest'
import { actionCable } from '../src/hold/replay/action-cable.ts'
import { replayLimits } from '../src/hold/replay/bounded-map.ts'
import { Conversation, parsed } from './replay-conversation.ts'

const welcome = { type: 'welcome' }
const room = (id: number) => JSON.stringify({ channel: 'RoomChannel', id })
const command = (name: string, id: number) => ({ command: name, identifier: room(id) })
const confirm = (id: number) => ({ identifier: room(id), type: 'confirm_subscription' })
const reject = (id: number) => ({ identifier: room(id), type: 'reject_subscription' })
const news = (id: number) => ({ identifier: room(id), message: { body: 'news' } })

function opened(...ids: number[]): Conversation {
  const talk = new Conversation(actionCable).upstream(welcome)
  for (const id of ids) talk.client(command('subscribe', id)).upstream(confirm(id))
  return talk
}

test('subscriptions are subscribed to again after the second welcome, and neither it nor the confirmations show', () => {
  const talk = opened(1, 2).client({ ...command('message', 1), data: '{}' })
  const before = talk.toClient.length
  talk.restart()
  expect(talk.toUpstream).toEqual([])
  talk.upstream(welcome)
  expect(parsed(talk.toUpstream)).toEqual([command('subscribe', 1), command('subscribe', 2)])
  talk.upstream(confirm(1), { type: 'ping', message: 1 }, confirm(2), news(1))
  expect(parsed(talk.toClient.slice(before))).toEqual([{ type: 'ping', message: 1 }, news(1)])
})

test('what the client has not seen from the first upstream it sees from the second', () => {
  const early = new Conversation(actionCable).restart().upstream(welcome)
  expect(parsed(early.toClient)).toEqual([welcome])
  const talk = opened().client(command('subscribe', 1)).restart().upstream(welcome, confirm(1))
  expect(parsed(talk.toClient)).toEqual([welcome, confirm(1)])
})

test('what was unsubscribed or rejected is not subscribed to again', () => {
  const talk = opened(1, 2).client(command('unsubscribe', 1), command('subscribe', 3)).upstream(reject(3))
  talk.restart().upstream(welcome)
  expect(parsed(talk.toUpstream)).toEqual([command('subscribe', 2)])
})

test('a rejection by the next upstream reaches the client', () => {
  const talk = opened(1).restart().upstream(welcome, reject(1))
  expect(parsed(talk.toClient).at(-1)).toEqual(reject(1))
  talk.restart().upstream(welcome)
  expect(talk.toUpstream).toEqual([])
})

test('a client that leaves and comes to the same channel meanwhile gets the confirmation of its own', () => {
  const talk = opened(1).lose().client(command('unsubscribe', 1), command('subscribe', 1)).attach()
  const before = talk.toClient.length
  talk.upstream(welcome, confirm(1))
  expect(parsed(talk.toUpstream).map((sent) => (sent as { command: string }).command)).toEqual([
    'subscribe',
    'unsubscribe',
    'subscribe',
  ])
  talk.upstream(confirm(1))
  expect(parsed(talk.toClient.slice(before))).toEqual([confirm(1)])
})

test('what the client says meanwhile waits until every subscription is confirmed or rejected', () => {
  const speak = { ...command('message', 2), data: '{"action":"speak"}' }
  const talk = opened(1, 2).lose().client(speak).attach().upstream(welcome)
  const subscribed = [command('subscribe', 1), command('subscribe', 2)]
  expect(parsed(talk.toUpstream)).toEqual(subscribed)
  talk.upstream(confirm(2), { type: 'ping', message: 1 })
  expect(parsed(talk.toUpstream)).toEqual(subscribed)
  talk.upstream(reject(1))
  expect(parsed(talk.toUpstream)).toEqual([...subscribed, speak])
})

test('an upstream that is lost before its welcome changes nothing', () => {
  const talk = opened(1).restart().restart().upstream(welcome, confirm(1))
  expect(parsed(talk.toUpstream)).toEqual([command('subscribe', 1)])
  expect(parsed(talk.toClient)).toEqual([welcome, confirm(1)])
})

test('of more than can be kept it lets go; what is no message does no harm', () => {
  const talk = opened()
  const odd = ['"subscribe"', '{', '{"command":"subscribe"}', '{"type":"welcome"', Buffer.from([1])]
  talk.client(...odd).upstream(...odd)
  for (let i = 0; i <= replayLimits.entries; i++) talk.client(command('subscribe', i))
  expect(talk.letGo).toMatch(/4096 entries/)
})

const happenings = fc.array(
  fc.tuple(fc.constantFrom('subscribe', 'unsubscribe', 'answer', 'lose', 'attach', 'welcome'), fc.nat(3)),
  { maxLength: 40 },
)

/** A server that confirms what it was asked for, in order, when it is let. */
function play(list: [string, number][], restless: boolean) {
  const talk = new Conversation(actionCable, { restless }).upstream(welcome)
  const wanted = new Set<number>()
  let welcomed = true
  let answered = 0
  const answer = () => {
    const sent = parsed(talk.toUpstream) as { command: string; identifier: string }[]
    const asked = sent.filter((one) => one.command === 'subscribe')[answered]
    if (!talk.attached || !asked) return false
    answered += 1
    talk.upstream({ identifier: asked.identifier, type: 'confirm_subscription' })
    return true
  }
  const greet = () => {
    if (talk.attached && !welcomed) talk.upstream(welcome)
    if (talk.attached) welcomed = true
  }
  const attach = () => {
    if (talk.attached) return
    welcomed = false
    answered = 0
    talk.attach()
  }
  for (const [what, id] of list) {
    if (what === 'answer') answer()
    else if (what === 'lose') talk.lose()
    else if (what === 'attach') attach()
    else if (what === 'welcome') greet()
    else if (wanted.has(id) !== (what === 'subscribe')) {
      talk.client(command(what, id))
      if (what === 'subscribe') wanted.add(id)
      else wanted.delete(id)
    }
  }
  attach()
  greet()
  while (answer());
  return { talk, wanted }
}

test('whatever happens, the server ends with what the client wants, and the client sees one welcome', () => {
  fc.assert(
    fc.property(happenings, (list) => {
      const { talk, wanted } = play(list, false)
      const live = new Set<string>()
      for (const { command, identifier } of parsed(talk.toUpstream) as Record<string, string>[]) {
        if (command === 'subscribe') live.add(identifier!)
        else live.delete(identifier!)
      }
      expect(live).toEqual(new Set([...wanted].map(room)))
      const told = parsed(talk.toClient) as Record<string, string>[]
      expect(told.filter(({ type }) => type === 'welcome')).toHaveLength(1)
      for (const id of wanted) expect(told.some(({ identifier }) => identifier === room(id))).toBe(true)
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
