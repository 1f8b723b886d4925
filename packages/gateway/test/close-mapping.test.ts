import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { maxReasonBytes, mayTravel } from '@holdfast/close-codes'
import { describe, expect, test } from 'vitest'
import type { CloseAction, CloseCause, ClosePolicy } from '../src/connection/close-cause.ts'
import { closeMapping, happenings } from '../src/connection/close-mapping.ts'

const root = new URL('../../../', import.meta.url)
const closePolicy: ClosePolicy = {
  rejections: 'pass',
  badGateway: 'close',
  closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
}

/** One example of everything that can happen, with the words of design and docs. */
const examples: { [W in CloseCause['what']]: [string, Extract<CloseCause, { what: W }>] } = {
  unreachable: [
    'no upstream can be reached, within `wait`',
    { what: 'unreachable', words: 'connection refused', retry: 2000 },
  ],
  'no-answer': [
    'no answer in time, connecting or at the handshake',
    { what: 'no-answer', afterMs: 5000, retry: 2000 },
  ],
  'bad-answer': [
    'the answer is not HTTP, not a 101, a 5xx, has a wrong `Sec-WebSocket-Accept`, or a subprotocol or extension never offered',
    { what: 'bad-answer', words: 'wrong Sec-WebSocket-Accept', retry: 2000 },
  ],
  'upstream-busy': ['the upstream answers 503 or 429', { what: 'upstream-busy', retry: 7000 }],
  rejected: ['the upstream answers another 3xx or 4xx', { what: 'rejected', status: 401 }],
  'no-healthy-upstream': [
    'every upstream is marked unhealthy, or drained, for as long as `wait`',
    { what: 'no-healthy-upstream', retry: 2000 },
  ],
  'upstream-restarts': [
    'the upstream closes with 1012 and no reason',
    { what: 'upstream-restarts', reason: '', retry: 2345 },
  ],
  'upstream-closes': ['the upstream closes with any other code, or none', { what: 'upstream-closes' }],
  'upstream-lost': ["the upstream's TCP ends or resets without a Close", { what: 'upstream-lost' }],
  'upstream-lost-inside-frame': [
    'the same, inside a frame over 64 KiB of which the client has a part',
    { what: 'upstream-lost-inside-frame' },
  ],
  'upstream-lost-inside-message': [
    'with `hold`: the upstream goes, and a message of it has partly reached the client, or one of the client over `hold.buffer` was under way',
    { what: 'upstream-lost-inside-message', retry: 2345 },
  ],
  'upstream-not-back': [
    'with `hold`: no upstream is there again within `hold.for`, or the next one refuses or agrees to what does not fit, or the client refers to messages that only the last one has seen',
    { what: 'upstream-not-back', retry: 2345 },
  ],
  'session-not-restored': [
    'with `hold`: the upstream goes, or is there again, and nobody restores the session of the client: no replay, no `Holdfast-Restored: 1`, no `state: none`',
    { what: 'session-not-restored', retry: 345 },
  ],
  'upstream-lost-again': [
    'with `hold`: the second loss without a message of an upstream in between, or the thirty-first re-attachment within five minutes',
    { what: 'upstream-lost-again', retry: 2345 },
  ],
  'upstream-breaks-protocol': ['the upstream breaks RFC 6455', { what: 'upstream-breaks-protocol' }],
  'upstream-reason-not-utf8': [
    'the upstream closes with a reason that is not UTF-8',
    { what: 'upstream-reason-not-utf8' },
  ],
  'upstream-silent': ['the upstream leaves pings unanswered', { what: 'upstream-silent' }],
  'client-closes': ['the client closes', { what: 'client-closes' }],
  'client-lost': ["the client's TCP ends without a Close", { what: 'client-lost' }],
  'client-not-back': [
    'with `resume`: the client does not come back within `resume.for`, or the memory for its session is needed',
    { what: 'client-not-back' },
  ],
  'client-left': ['with `resume`: its TCP ends behind `bye`', { what: 'client-left' }],
  'session-taken-over': [
    'with `resume`: the client has come back, on a new connection, and this is the old one',
    { what: 'session-taken-over' },
  ],
  'client-acknowledges-nothing': [
    'with `resume`: the client has acknowledged nothing for `resume.stall`; its session is parked',
    { what: 'client-acknowledges-nothing' },
  ],
  'other-identity': [
    'with `resume`: who comes back differs in `resume.bind`; the session stays parked',
    { what: 'other-identity' },
  ],
  'session-unreachable': [
    'with `resume`: a worker may have the session that the client comes back to, and has not answered; or in a fleet another node has it, and cannot be reached from here',
    { what: 'session-unreachable', retry: 1234 },
  ],
  'client-breaks-protocol': [
    'the client breaks RFC 6455, or PROTOCOL.md',
    { what: 'client-breaks-protocol' },
  ],
  'client-reason-not-utf8': [
    'the client closes with a reason that is not UTF-8',
    { what: 'client-reason-not-utf8' },
  ],
  'message-too-big': ['a message is over `limits.messageBytes`', { what: 'message-too-big', from: 'client' }],
  'client-silent': ['the client leaves pings unanswered', { what: 'client-silent' }],
  'too-many-messages': ['the client is over `limits.messagesPerSecond`', { what: 'too-many-messages' }],
  'origin-refused': ['its `Origin` is not allowed', { what: 'origin-refused' }],
  'no-route': ['no route matches its host and path', { what: 'no-route' }],
  'over-limit': [
    'it is over `limits.connections`, `perAddress` or `handshakesPerSecond`',
    { what: 'over-limit', words: 'too many connections', retry: 9000 },
  ],
  'limits-unknown': [
    'its limits count over all workers, the supervisor does not say in time whether there is room, and its worker has used its own share',
    { what: 'limits-unknown', retry: 3000 },
  ],
  'gateway-drains': [
    'the gateway drains, or a reload removes the route or the upstream, or takes `hold` from the route of a held client',
    { what: 'gateway-drains', retry: 3210 },
  ],
  'route-drains': [
    'the same while it has no connection yet: it comes, or waits for an upstream',
    { what: 'route-drains', retry: 3210 },
  ],
  'authorization-ended': [
    'with `auth`: its service was asked again at `Holdfast-Expires`, and refuses',
    { what: 'authorization-ended' },
  ],
  'authorization-unknown': [
    'with `auth`: its service was asked again, and has not answered for five minutes',
    { what: 'authorization-unknown', retry: 9000 },
  ],
  'gateway-fault': ['a fault inside the gateway', { what: 'gateway-fault' }],
  'handshake-fault': ['the same while it has no connection yet', { what: 'handshake-fault', retry: 2000 }],
  'operator-closes': [
    'the operator closes it through the admin API',
    { what: 'operator-closes', code: 4001, reason: 'moved' },
  ],
}

function inWords(told: CloseAction, side: 'client' | 'upstream'): string {
  switch (told.by) {
    case 'close':
      return told.reason ? `${told.code} \`${told.reason}\`` : `${told.code}`
    case 'forward':
      return side === 'client' ? 'the same Close frame' : 'the Close frame of the client'
    case 'http':
      return `HTTP ${told.status}`
    case 'pass':
      return 'that HTTP answer, whole'
    case 'end':
      return 'end of TCP'
    case 'nothing':
      return '–'
  }
}

/** Where that depends on `badGateway`, both. */
function clientInWords(cause: CloseCause): string {
  if (cause.what === 'client-closes') return "the upstream's echo"
  const { client } = closeMapping(cause, closePolicy)
  const other = closeMapping(cause, { ...closePolicy, badGateway: 'http' }).client
  if (client.by !== 'close' || other.by !== 'http') return inWords(client, 'client')
  return `HTTP ${other.status}, or in band ${inWords(client, 'client')}`
}

function rendered(): string {
  const rows = happenings.map((what) => {
    const [words, cause] = examples[what]
    const { upstream, by } = closeMapping(cause, closePolicy)
    const echo = clientInWords(cause)
    return `| ${words} | ${echo} | ${inWords(upstream, 'upstream')} | ${by} |`
  })
  return [
    '| what happened | the client is told | the upstream is told | `by` |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')
}

describe('the close table', () => {
  test('is what docs/close-table.md shows, row by row', () => {
    const page = new URL('docs/close-table.md', root)
    const text = readFileSync(page, 'utf8')
    const wanted = text.replace(/(<!-- table -->\n)[\s\S]*(<!-- end of table -->)/, `$1${rendered()}\n$2`)
    if (process.env.UPDATE_DOCS) writeFileSync(page, wanted)
    expect(readFileSync(page, 'utf8')).toBe(wanted)
  })

  test('says only codes that may travel and reasons that fit, for every setting', () => {
    for (const what of happenings) {
      for (const badGateway of ['close', 'http'] as const) {
        for (const rejections of ['pass', 'close'] as const) {
          const outcome = closeMapping(examples[what][1], { ...closePolicy, badGateway, rejections })
          for (const told of [outcome.client, outcome.upstream]) {
            if (told.by !== 'close') continue
            expect(mayTravel(told.code!)).toBe(true)
            expect(Buffer.byteLength(told.reason)).toBeLessThanOrEqual(maxReasonBytes)
          }
        }
      }
    }
  })

  test('says the codes that the route configures instead of 1014, 1012 and 1013', () => {
    const own = { ...closePolicy, closeCodes: { badGateway: 1011, restart: 1001, tryAgain: 4013 } }
    const codeOf = (what: CloseCause['what']) => {
      const { client } = closeMapping(examples[what][1], own)
      return client.by === 'close' ? client.code : undefined
    }
    expect(codeOf('unreachable')).toBe(1011)
    expect(codeOf('upstream-lost')).toBe(1011)
    expect(codeOf('upstream-restarts')).toBe(1001)
    expect(codeOf('gateway-drains')).toBe(1001)
    expect(codeOf('upstream-busy')).toBe(4013)
    expect(codeOf('over-limit')).toBe(4013)
  })

  test('answers with an HTTP status where the route says badGateway: http', () => {
    const http = { ...closePolicy, badGateway: 'http' as const }
    const status = (what: CloseCause['what']) => {
      const { client } = closeMapping(examples[what][1], http)
      return client.by === 'http' ? client.status : client.by
    }
    expect(status('over-limit')).toBe(503)
    expect(status('route-drains')).toBe(503)
    expect(status('handshake-fault')).toBe(500)
    expect(status('unreachable')).toBe(502)
    expect(status('bad-answer')).toBe(502)
    expect(status('no-answer')).toBe(504)
    expect(status('no-healthy-upstream')).toBe(503)
    expect(status('upstream-busy')).toBe(503)
    // After a 101 there is no HTTP left to say it with.
    expect(status('upstream-lost')).toBe('close')
  })

  test('says of every client without a connection that nothing of it was sent on, before its retry=', () => {
    const told = happenings.filter((what) => {
      const { client } = closeMapping(examples[what][1], { ...closePolicy, badGateway: 'http' })
      return client.by === 'http' && client.code !== undefined
    })
    expect(told.sort()).toEqual([
      'bad-answer',
      'handshake-fault',
      'limits-unknown',
      'no-answer',
      'no-healthy-upstream',
      'over-limit',
      'route-drains',
      'session-unreachable',
      'unreachable',
      'upstream-busy',
    ])
    for (const what of told) {
      const long = { ...examples[what][1], words: 'é'.repeat(100) } as CloseCause
      for (const cause of [examples[what][1], long]) {
        const { client } = closeMapping(cause, closePolicy)
        expect(client.by === 'close' && client.reason).toMatch(/; sent=0; retry=\d+$/)
        expect(client.by === 'close' && Buffer.byteLength(client.reason)).toBeLessThanOrEqual(maxReasonBytes)
      }
    }
    expect(closeMapping(examples.unreachable[1], closePolicy).client).toEqual({
      by: 'close',
      code: 1014,
      reason: 'bad gateway: connection refused; sent=0; retry=2000',
    })
  })

  test.each([
    [401, 3000, 'unauthorized'],
    [403, 3003, 'forbidden'],
    [408, 3008, 'timeout'],
    [404, 1008, 'refused by the upstream with HTTP 404'],
    [302, 1008, 'refused by the upstream with HTTP 302'],
  ])('with rejections: close says HTTP %i as %i', (status, code, reason) => {
    const outcome = closeMapping({ what: 'rejected', status }, { ...closePolicy, rejections: 'close' })
    expect(outcome.client).toEqual({ by: 'close', code, reason })
  })
})

describe('the life of a connection in ARCHITECTURE.md', () => {
  const picture = readFileSync(new URL('ARCHITECTURE.md', root), 'utf8').match(/```life\n([\s\S]*?)```/)![1]!
  const shown = new Set([...picture.matchAll(/\b(1\d{3}|3\d{3}|HTTP \d{3})\b/g)].map(([code]) => code!))

  test('shows every code and status that the table says, and none that it does not', () => {
    const said = new Set<string>()
    for (const what of happenings) {
      if (what === 'operator-closes') continue
      const statuses = what === 'rejected' ? [401, 403, 408, 404] : [0]
      for (const status of statuses) {
        for (const [rejections, badGateway] of [
          ['pass', 'close'],
          ['close', 'http'],
        ] as const) {
          const cause = (status ? { what, status } : examples[what][1]) as CloseCause
          const { client } = closeMapping(cause, { ...closePolicy, rejections, badGateway })
          if (client.by === 'close') said.add(String(client.code))
          if (client.by === 'http') said.add(`HTTP ${client.status}`)
        }
      }
    }
    // Before the table: what the checks of the request answer (upgrade-request.ts).
    const before = ['HTTP 400', 'HTTP 405', 'HTTP 408', 'HTTP 426', 'HTTP 431', 'HTTP 505']
    const afterwards = ['1006', '1001']
    expect([...shown].sort()).toEqual([...new Set([...said, ...before, ...afterwards])].sort())
  })

  test('names the files of the path in order, and each of them exists', () => {
    const files = [...picture.matchAll(/\b([a-z-]+\.ts)\b/g)].map(([file]) => file!)
    const path = [
      'listener.ts',
      'upgrade-request.ts',
      'route.ts',
      'handshake.ts',
      'pick-upstream.ts',
      'dial.ts',
      'accept.ts',
      'pipe.ts',
      'frame-reader.ts',
      'close-mapping.ts',
      'close-handshake.ts',
    ]
    expect(files.filter((file) => path.includes(file))).toEqual(path)
    const all = readdirSync(new URL('packages/gateway/src', root), { recursive: true, encoding: 'utf8' })
    for (const file of files) expect(all.some((path) => path.endsWith(`/${file}`))).toBe(true)
  })
})
