import { expect, test } from 'vitest'
import type { Speaker } from '../src/hold/replay/protocols.ts'
import { proposeHold } from '../src/operate/hold-proposal.ts'
import type { OpeningMessage } from '../src/operate/record-opening.ts'

const c = (at: number, data: string): OpeningMessage => said('client', at, data)
const s = (at: number, data: string): OpeningMessage => said('upstream', at, data)
function said(from: Speaker, at: number, data: string): OpeningMessage {
  return { from, at, message: { type: 'text', data } }
}

const nonce = 'a1b2c3d4e5f6a7b8'

test.each([
  ['a login', [c(5, 'login'), s(9, 'ok')], { by: 'first', messages: 1, hold: '{ replay: { first: 1 } }' }],
  [
    'a login and a subscription',
    [c(5, 'login'), s(300, 'ok'), c(310, 'subscribe')],
    { messages: 2, answered: 1 },
  ],
  [
    'three in one go, and one behind an answer',
    [c(5, 'a'), c(5, 'b'), c(5, 'c'), s(9, '1'), s(9, '2'), c(10, 'd'), s(12, 'ok')],
    { messages: 4, answered: 1 },
  ],
  [
    'a login, and talk later',
    [c(5, 'login'), c(2000, 'hello'), c(2100, 'you')],
    { by: 'first', messages: 1, later: 2 },
  ],
  ['nothing', [], { by: 'silent', messages: 0 }],
  ['a listener', [s(1, 'tick'), s(1001, 'tick')], { by: 'silent' }],
  ['only talk, much later', [c(3000, 'hello')], { by: 'silent', messages: 0, later: 1 }],
  [
    'an answer to a challenge',
    [s(1, `{"nonce":"${nonce}"}`), c(5, `{"sign":"x","nonce":"${nonce}"}`)],
    { by: 'module', echoed: nonce },
  ],
  ['a word that both use', [s(1, 'subscriptions'), c(5, 'subscriptions')], { by: 'first' }],
  ['a flood', Array.from({ length: 30 }, (_, at) => c(at, `${at}`)), { by: 'module', messages: 30 }],
])('%s', (_, said, proposal) => {
  const proposed = proposeHold({ target: '/', said })
  expect(proposed).toMatchObject(proposal)
  expect(proposed.hold !== undefined).toBe(proposed.by === 'first')
})

test('a protocol that is recognised comes before all that is counted', () => {
  const said = [c(1, 'a'), c(2, 'b')]
  expect(proposeHold({ target: '/', protocol: 'v12.stomp', said })).toMatchObject({
    by: 'recognised',
    replay: 'stomp',
    hold: '{}',
  })
  const never = proposeHold({ target: '/s/?EIO=4&transport=websocket', said })
  expect(never.by).toBe('never')
  expect(never.hold).toBeUndefined()
})
