// What is known to go wrong with resumption, in other protocols and libraries, and what holds each here: a vector of
// protocol/vectors.json, or a test. This test only sees that they are there.
import { readFileSync } from 'node:fs'
import { resumeVectors } from '@holdfast/testing'
import { expect, test } from 'vitest'

const gateway = 'packages/gateway/test'
const client = 'packages/client/test/resume'

/** A vector has no `file`. */
type Holder = { vector: string } | { file: string; test: string }

const vector = (name: string): Holder => ({ vector: name })
const inGateway = (file: string, name: string): Holder => ({ file: `${gateway}/${file}.test.ts`, test: name })
const inClient = (file: string, name: string): Holder => ({ file: `${client}/${file}.test.ts`, test: name })

const pitfalls: [what: string, ...by: Holder[]][] = [
  [
    'the welcome with the new token gets lost, and its client is locked out',
    vector('the welcome is lost: the old token is still good'),
    vector('the welcome is lost three times'),
    vector('the token of a welcome that was not acknowledged is good too'),
    inGateway('session-tokens', 'what the client has received last always opens the session'),
  ],
  [
    'a stale token ends the session of somebody else',
    vector('an old token opens no session and ends none'),
    vector('a token of nobody'),
    inGateway('resume-attacks.wire', 'that was used up opens nothing'),
  ],
  [
    'the selected subprotocol repeats the token, and logs have it',
    vector('a token that nobody knows'),
    inGateway('resume-messages.wire', 'and logs none'),
  ],
  [
    'a server that selects no subprotocol makes every handshake of a browser fail',
    inClient('plain-servers', 'that selects none is tried once more without the offers'),
    vector('a route that does not resume, and an upstream that selects none'),
  ],
  [
    'the next connection inflates with a window of its own',
    inGateway('resume-faults.wire', 'starts afresh with each message'),
    inGateway('resume-attacks.wire', 'compresses with the window of earlier messages'),
  ],
  [
    'messages of the application that look like control messages have to be escaped, also inside of compression',
    vector('U+0000 and another nonce'),
    vector('a message with the nonce of an earlier connection is data'),
    vector('an upstream that knows the nonce of no connection'),
    inGateway('resume.wire', 'look-alikes of the application are data, both ways'),
  ],
  [
    'a message is longer than the buffer, and is never sent',
    inGateway('config-schema-route', 'limits.messageBytes must not be more than resume.buffer'),
    inGateway('resume-attacks.wire', 'a message as long as the buffer comes through'),
  ],
  [
    'acknowledgements by a timer cap the rate, and hidden pages have none',
    vector('an acknowledgement after 64 messages'),
    inClient('resume', 'acknowledges at once after welcome, then 64 messages, 64 KiB or half the window'),
  ],
  [
    'a frozen page acknowledges nothing, and its upstream waits for hours',
    inGateway('resume', 'a client that acknowledges nothing is told 1008'),
    vector('a client that slept is told so, and comes back'),
    inClient('page', 'that is frozen'),
  ],
  [
    'an acknowledgement of what was never sent, or of less than before',
    vector('an acknowledgement of what was never sent, by the client'),
    vector('an acknowledgement of what was never sent, by the gateway'),
    vector('a lower acknowledgement says nothing'),
    vector('the client has received less than it acknowledged'),
  ],
  [
    'a counter wraps',
    vector('an ack of 2^53'),
    vector('a ping with the largest number'),
    vector('the client has received a huge number'),
  ],
  [
    'counters begin anew, or count twice, when nothing came in between',
    vector(
      'two returns without traffic in between: the same comes twice to the connection, once to the application',
    ),
    vector('five returns without traffic'),
    vector('nothing was ever received, on either side'),
    inGateway('resume.wire', 'may come back any number of times with nothing in between'),
  ],
  [
    'the session is taken out of the store before it is proved whose it is',
    inGateway('resume-faults.wire', 'is told 3000, and the session stays'),
    inGateway('resume-faults.wire', 'at each of its bytes loses no session and no message'),
    inGateway('resume-network.wire', 'cut at each byte of a return lose no session and no message'),
  ],
  [
    'the client is back before its session has been written down',
    inGateway('resume.wire', 'takes a half-open connection over'),
    inGateway('session-model', 'each message arrives once and in order, wherever connections are cut'),
  ],
  [
    'a refusal does not say what arrived',
    vector('the client comes too late'),
    vector('the session was closed, and part of what was sent arrived'),
    inClient('resume', 'hands back what did not arrive when the session is over'),
    inClient('resume', 'hands back all that did not arrive when a return is refused for good'),
  ],
  [
    'an application that closes while it is away is not heard',
    vector('the application closes while the client is away'),
    inClient('resume', 'comes back once to say that it is closed, with what was left'),
    inClient('resume', 'says that it is closed also when it is on its way back already'),
  ],
  [
    'the 1001 of a browser is taken for a goodbye',
    vector('1001 without bye parks'),
    vector('a page that goes: bye, then 1001'),
    inClient('page', 'that comes out of the back/forward cache goes on'),
  ],
  [
    'a half-open connection and its successor throw each other out',
    vector('a second connection takes the session over'),
    vector('another one has taken the session over'),
  ],
  [
    'messages come before the application knows that the session goes on',
    inClient('resume', 'is told suspend and resume when the network breaks'),
  ],
  [
    'what the application never saw counts as received',
    inClient('resume', 'counts what a listener that throws was given'),
    inClient('page', 'that is frozen'),
  ],
  [
    'control messages stand inside of messages, or are counted',
    vector('bye is for its connection: a message behind it counts'),
    inGateway('resume-attacks.wire', 'control messages never stand inside a message'),
  ],
  [
    'what was acknowledged and then lost with the upstream is hidden',
    inGateway('resume-attacks.wire', 'no upstream got is counted as lost, by hold'),
  ],
  [
    'all that was missed comes in one lump, or against the limits',
    inGateway('resume', 'may catch up faster than limits.messagesPerSecond'),
    inGateway('packed-connection', 'a client whose session stayed elsewhere may catch up'),
    inGateway('resume', 'it is read until the buffer is full'),
  ],
  [
    'a dead link is waited for',
    inClient('resume', 'finds a dead link 8 s after it has sent a message'),
    inClient('resume', 'asks after 20 s of silence'),
    vector('pings of both sides'),
  ],
  [
    'somebody else comes back',
    inGateway('resume-faults.wire', 'with the token and another cookie is told 3000'),
    inGateway('resume-attacks.wire', 'knows by another name is told 3000'),
  ],
  ['a duplicated tab has the same token', inClient('page', 'keeps its token where no other page finds it')],
  [
    'those who leave take memory',
    inGateway('resume-attacks.wire', 'each with a full buffer, stays under resume.total'),
    inGateway('resume-attacks.wire', 'it is their number that is bounded'),
    inGateway('resume-faults.wire', 'are given up, longest first'),
  ],
  [
    'the server does not learn that somebody is not coming back',
    vector('the client comes too late'),
    inGateway('resume.wire', 'that was gone for too long gets a new session'),
  ],
]

/** Rows of docs/close-table.md, "What an attacker gets". */
const attacks: [row: string, ...by: Holder[]][] = [
  [
    'a guessed token',
    inGateway('resume-faults.wire', 'with the guessed token %j gets a new session, and ends none'),
  ],
  ['a token that was used up', inGateway('resume-attacks.wire', 'that was used up opens nothing')],
  ['the newest token', inGateway('resume-attacks.wire', 'that is the newest takes the session over')],
  [
    'the same with another identity',
    inGateway('resume-faults.wire', 'with the token and another cookie is told 3000'),
    inGateway('resume-attacks.wire', 'knows by another name is told 3000'),
  ],
  ['the same from another origin', inGateway('resume-faults.wire', 'of another origin gets nothing')],
  [
    'a count above what was sent',
    inGateway('resume-faults.wire', 'that counts more than there was is told 1002'),
  ],
  [
    'a count below what was acknowledged',
    inGateway('resume-faults.wire', 'that counts less than was acknowledged'),
  ],
  ['an `ack` of what was never sent', inGateway('resume.wire', 'an ack above what was sent')],
  [
    'a message in more than 65,536 frames, empty ones too',
    inGateway('resume-attacks.wire', 'a message in ever more empty frames ends with 1002'),
  ],
  [
    'messages that look like control messages',
    inGateway('resume.wire', 'look-alikes of the application are data'),
  ],
  ['sessions that nobody comes back to', inGateway('resume-attacks.wire', 'stays under resume.total')],
  ['everybody at once', inGateway('resume', 'returns are limited as handshakes are')],
]

const vectors = resumeVectors()
const names = new Set(
  [vectors.offers, vectors.messages, vectors.welcomes, vectors.dialogues].flatMap((list) =>
    list.map(({ name }: { name?: string }) => name),
  ),
)
const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8')

test('each of the 28 pitfalls is held by vectors and tests that exist', () => {
  expect(pitfalls).toHaveLength(28)
  for (const [what, ...by] of [...pitfalls, ...attacks]) {
    expect(by.length, what).toBeGreaterThan(0)
    for (const holder of by) {
      if ('vector' in holder) expect(names, what).toContain(holder.vector)
      else expect(read(holder.file), `${what}: ${holder.file}`).toContain(holder.test)
    }
  }
})

test('each attack has a row in docs/close-table.md', () => {
  const [, section = ''] = read('docs/close-table.md').split('## What an attacker gets')
  const rows = [...section.split('\n## ')[0]!.matchAll(/^\| ([^|]+?) \|/gm)].map(([, row]) => row)
  expect(rows.slice(1)).toEqual(attacks.map(([row]) => row))
})
