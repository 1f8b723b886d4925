// The two ends of a relay between nodes on real sockets, without gateways: who is let in, and how bytes and ends pass.
import { once } from 'node:events'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import {
  authority,
  eventually,
  type FakeClock,
  fakeClock,
  freePort,
  waitLimitMs,
  within,
} from '@holdfast/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { createLogger, type FleetOptions, type RelayRefusal, systemClock } from '../src/core/index.ts'
import type { ClientHandshake } from '../src/http/index.ts'
import { RelayDialer, RelayPort } from '../src/relay/index.ts'
import { relayKey, Transcript } from '../src/relay/transcript.ts'
import { streamOf } from '../src/wire/index.ts'

const secret = 'the secret of this fleet'
const log = createLogger({ level: 'silent' } as never)
type Fleet = Pick<FleetOptions, 'name' | 'secrets' | 'tls'>
const fleet: Fleet = { name: 'chat', secrets: [secret] }
const signer = authority('fleet')
const certificateOf = (by = signer) => {
  const { cert, key } = by.issue({ names: ['node.internal'], usages: ['server', 'client'] })
  return { ca: signer.cert, cert, key }
}

const open: (() => unknown)[] = []
afterEach(async () => {
  for (const end of open.splice(0).reverse()) await end()
})

/** A server whose sockets go to `onSocket`; all of them end with the test. */
async function server(onSocket: (socket: net.Socket) => void): Promise<number> {
  const sockets = new Set<net.Socket>()
  const its = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    onSocket(socket)
  })
  its.listen(0, '127.0.0.1')
  await once(its, 'listening')
  open.push(() => {
    for (const socket of sockets) socket.destroy()
    its.close()
  })
  return (its.address() as net.AddressInfo).port
}

interface PortInit {
  its?: Fleet
  versions?: number[]
  clock?: FakeClock
  /** Gets the client's stream here. Default: sends back what it says. */
  serve?: (stream: Duplex, handshake: ClientHandshake) => void
  has?: boolean
}

/** The node `holder`. */
async function holder({ its = fleet, versions, clock, serve, has = true }: PortInit = {}) {
  const refused: RelayRefusal[] = []
  const echo = (stream: Duplex) => stream.pipe(stream)
  const port = new RelayPort({
    fleet: its,
    self: 'holder',
    serve(handshake) {
      if (has) (serve ?? echo)(streamOf(handshake.accept({ protocol: 'chat', headers: [] })), handshake)
      return has
    },
    onRefused: (reason) => refused.push(reason),
    clock: clock ?? systemClock,
    log,
    ...(versions && { versions }),
  })
  return { at: await server((socket) => port.accept(socket)), refused, port }
}

interface DialInit {
  its?: Fleet
  versions?: number[]
  id?: string
  clock?: FakeClock
}

function dialer(at: number, { its = fleet, versions, id = 'holder', clock }: DialInit = {}): RelayDialer {
  const made = new RelayDialer({
    fleet: its,
    self: 'asker',
    holderOf: () => id,
    clock: clock ?? systemClock,
    random: Math.random,
    log,
    ...(versions && { versions }),
  })
  made.follow([{ id, listen: { host: '127.0.0.1', port: at } }])
  open.push(() => made.leave())
  return made
}

/** A client on a socket, and its handshake at the gateway that it has reached. */
async function client(address = '192.0.2.7') {
  let accepted: (socket: net.Socket) => void = () => {}
  const there = new Promise<net.Socket>((resolve) => {
    accepted = resolve
  })
  const at = await server((socket) => accepted(socket))
  const socket = net.connect({ port: at, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  open.push(() => socket.destroy())
  const stream = await there
  const answers: object[] = []
  const left = new AbortController()
  const handshake: ClientHandshake = {
    request: {
      httpVersion: '1.1',
      target: '/ws?x=1',
      host: 'chat.example',
      authority: 'chat.example:80',
      headers: [['Cookie', 'a=b']],
      key: 'x3JJHMbDL1EzLkh9GBhXDw==',
      protocols: ['holdfast.v1'],
      extensions: '',
      address,
    },
    ours: true,
    signal: left.signal,
    onEarly() {},
    accept(answer) {
      answers.push({ accept: answer })
      return stream
    },
    refuse: (answer) => void answers.push({ refuse: answer }),
    fail() {},
  }
  return { socket, handshake, answers, leave: () => left.abort() }
}

/** What comes on a socket until it has ended or was closed. */
function all(socket: net.Socket): Promise<string> {
  return within(
    waitLimitMs,
    'the end of a socket',
    new Promise((resolve) => {
      let text = ''
      socket.on('data', (bytes) => {
        text += bytes
      })
      for (const event of ['end', 'close']) socket.once(event, () => resolve(text))
    }),
  )
}

describe('a client', () => {
  test('is joined to the node that has its session, with its address and all of its handshake', async () => {
    const seen: ClientHandshake[] = []
    const { at, refused } = await holder({
      serve: (stream, handshake) => {
        seen.push(handshake)
        stream.pipe(stream)
      },
    })
    const { socket, handshake, answers } = await client()
    const its = dialer(at)
    expect(await its.elsewhere(handshake, 'token')).toBe('relayed')
    expect(answers).toEqual([{ accept: { protocol: 'chat', headers: [] } }])
    expect(seen[0]).toMatchObject({ request: handshake.request, ours: true })
    expect(its.size).toBe(1)
    socket.write('hello')
    expect(String((await once(socket, 'data'))[0])).toBe('hello')
    // The end of one half comes out on the other side, and the other half goes on until it ends, too.
    socket.end('and the rest')
    expect(await all(socket)).toBe('and the rest')
    await eventually('nothing is joined', () => its.size === 0)
    expect(refused).toEqual([])
  })

  test.each(['client', 'node'] as const)('a reset by the %s reaches the other', async (by) => {
    let there: Duplex | undefined
    const { at } = await holder({
      serve: (stream) => {
        there = stream.on('error', () => {}).resume()
      },
    })
    const { socket, handshake } = await client()
    await dialer(at).elsewhere(handshake, 'token')
    const [near, far] = by === 'client' ? [socket, there as net.Socket] : [there as net.Socket, socket]
    const failed = once(far, 'error')
    far.resume()
    near.resetAndDestroy()
    expect(await within(waitLimitMs, 'a reset', failed)).toMatchObject([{ code: 'ECONNRESET' }])
  })

  test('who is not read stops the other from being read', async () => {
    let there: Duplex | undefined
    const { at } = await holder({
      serve: (stream) => {
        there = stream
      },
    })
    const { socket, handshake } = await client()
    await dialer(at).elsewhere(handshake, 'token')
    const chunk = Buffer.alloc(256 * 1024)
    let sent = 0
    const most = 256 * 1024 * 1024
    while (sent < most) {
      sent += chunk.length
      if (!socket.write(chunk)) {
        const drained = await Promise.race([
          once(socket, 'drain').then(() => true),
          // Nobody reads: there is no event to wait for.
          new Promise<false>((resolve) => setTimeout(() => resolve(false), 300)),
        ])
        if (!drained) break
      }
    }
    expect(sent).toBeLessThan(most)
    let got = 0
    there!.on('data', (bytes: Buffer) => {
      got += bytes.length
    })
    there!.resume()
    await eventually('all of it', () => got === sent)
  })

  test('is answered as that node refuses it', async () => {
    const { at } = await holder({ has: false })
    const { handshake, answers } = await client()
    expect(await dialer(at).elsewhere(handshake, 'token')).toEqual({ without: 'holder' })
    expect(answers).toEqual([])
  })

  test('goes its way where no node is named, none is known, or it is this one', async () => {
    const { at } = await holder()
    const { handshake } = await client()
    const its = dialer(at, { id: 'other' })
    its.follow([])
    its.follow([{ id: 'third', listen: { host: '127.0.0.1', port: at } }])
    expect(await dialer(at, { id: 'asker' }).elsewhere(handshake, 'token')).toEqual({ without: 'asker' })
    const forgetful = new RelayDialer({
      fleet,
      self: 'asker',
      holderOf: () => undefined,
      clock: systemClock,
      random: Math.random,
      log,
    })
    expect(await forgetful.elsewhere(handshake, 'token')).toBe(false)
  })

  test('is told to come back while a node that is announced cannot be reached, and not when it is gone', async () => {
    const closed = await server((socket) => socket.destroy())
    const its = dialer(closed)
    const { handshake } = await client()
    expect(await its.elsewhere(handshake, 'token')).toEqual({ unreachableForMs: 0 })
    const again = await its.elsewhere(handshake, 'token')
    expect(typeof again === 'object' && again.unreachableForMs).toBeGreaterThan(0)
    its.follow([])
    expect(await its.elsewhere(handshake, 'token')).toBe(false)
  })

  test('hears of a node at whose address nothing listens that it has nothing any more', async () => {
    const its = dialer(await freePort())
    const { handshake } = await client()
    expect(await its.elsewhere(handshake, 'token')).toEqual({ unreachableForMs: 0, without: 'holder' })
  })

  test('waits three seconds for a node that stands still', async () => {
    const clock = fakeClock()
    let heard = ''
    const silent = await server((socket) => {
      socket.on('data', (bytes) => {
        heard += bytes
      })
    })
    const { handshake } = await client()
    const asked = dialer(silent, { clock }).elsewhere(handshake, 'token')
    await eventually('the first line', () => heard.endsWith('\n'))
    await clock.advance(3_000)
    expect(await within(waitLimitMs, 'word of it', asked)).toEqual({ unreachableForMs: 0 })
  })

  test('waits while 32 others wait for its node to show who it is, and for three seconds at most', async () => {
    const clock = fakeClock()
    const waiting: net.Socket[] = []
    const answers: RelayPort['accept'][] = []
    const { port } = await holder()
    // It stands still until it is told to answer.
    const slow = await server((socket) => {
      waiting.push(socket)
      answers[0]?.(socket)
    })
    const its = dialer(slow, { clock })
    const clients = await Promise.all(Array.from({ length: 40 }, () => client()))
    const asked = clients.map(({ handshake }) => its.elsewhere(handshake, 'token'))
    await eventually('32 dials', () => waiting.length === 32)
    answers.push((socket) => port.accept(socket))
    for (const socket of waiting.slice()) port.accept(socket)
    expect(await within(waitLimitMs, 'all of them', Promise.all(asked))).toEqual(asked.map(() => 'relayed'))
    expect(waiting).toHaveLength(40)

    answers.pop()
    const late = clients.slice(0, 33).map(({ handshake }) => its.elsewhere(handshake, 'token'))
    await eventually('32 dials more', () => waiting.length === 72)
    await clock.advance(3_000)
    expect(await within(waitLimitMs, 'word of it', Promise.all(late))).toHaveLength(33)
    expect(waiting).toHaveLength(72)
  })

  test('that has left before its node is reached is not handed to it', async () => {
    const served: ClientHandshake[] = []
    const { at } = await holder({ serve: (_, handshake) => void served.push(handshake) })
    const { handshake, answers, leave } = await client()
    leave()
    expect(await dialer(at).elsewhere(handshake, 'token')).toBe(false)
    expect(answers).toEqual([])
    expect(served).toEqual([])
  })

  test('is let go whose node answers when the one that it has reached leaves already; later ones come back', async () => {
    const { at } = await holder({
      serve: (stream) => {
        stream.pipe(stream)
        void its.leave()
      },
    })
    const its: RelayDialer = dialer(at)
    const { socket, handshake } = await client()
    expect(await its.elsewhere(handshake, 'token')).toBe('relayed')
    await all(socket)
    await eventually('nothing is joined', () => its.size === 0)
    const late = await client()
    expect(await its.elsewhere(late.handshake, 'token')).toEqual({ unreachableForMs: 0 })
    expect(late.answers).toEqual([])
    its.stay()
    expect(await its.elsewhere(late.handshake, 'token')).toBe('relayed')
  })

  test('reaches a node that has lost its store, though that is not announced any more', async () => {
    const { at } = await holder()
    const its = dialer(at)
    its.follow([])
    const { handshake } = await client()
    expect(await its.elsewhere(handshake, 'token')).toBe('relayed')
  })
})

describe('a node', () => {
  const met = async (to: PortInit, from: DialInit) => {
    const { at, refused } = await holder(to)
    const { handshake } = await client()
    return { result: await dialer(at, from).elsewhere(handshake, 'token'), refused }
  }
  const refusal = { unreachableForMs: 0 }

  test('of the next version, and of the one before, is understood', async () => {
    for (const [here, there] of [
      [[1], [2, 1]],
      [[2, 1], [1]],
      [
        [2, 1],
        [3, 2],
      ],
    ])
      expect(await met({ versions: here! }, { versions: there! })).toEqual({ result: 'relayed', refused: [] })
    expect(await met({ versions: [1] }, { versions: [3, 2] })).toEqual({
      result: refusal,
      refused: ['relay-version'],
    })
  })

  test('with the old secret is understood while that is changed', async () => {
    const [old, both, after] = [
      ['the old secret 123'],
      ['the new secret 123', 'the old secret 123'],
      ['the new secret 123'],
    ]
    const of = (secrets: string[]) => ({ its: { name: 'chat', secrets } })
    expect((await met(of(both), of(old))).result).toBe('relayed')
    expect((await met(of(both), of(after))).result).toBe('relayed')
    expect((await met(of([...old, ...after]), of(both))).result).toBe('relayed')
    expect(await met(of(old), of(after))).toEqual({ result: refusal, refused: ['relay-secret'] })
  })

  test('of another fleet is refused, with the same secret, too', async () => {
    expect(await met({}, { its: { ...fleet, name: 'other' } })).toEqual({
      result: refusal,
      refused: ['relay-fleet'],
    })
  })

  test('that looks for another node at this address is refused', async () => {
    expect(await met({}, { id: 'somebody' })).toEqual({ result: refusal, refused: ['relay-node'] })
  })

  test('does not hand a client to one that does not have the secret', async () => {
    const heard: string[] = []
    const at = await server((socket) => {
      socket.setEncoding('utf8').once('data', (line: string) => {
        heard.push(line)
        socket.on('data', (more: string) => heard.push(more))
        socket.write(`${'A'.repeat(43)} {"version":1,"nonce":"x"}\n`)
      })
    })
    const { handshake } = await client()
    expect(await dialer(at).elsewhere(handshake, 'token')).toEqual(refusal)
    expect(heard).toHaveLength(1)
    expect(heard.join()).not.toContain('a=b')
  })

  const secure = (by = signer): { its: Fleet } => ({ its: { ...fleet, tls: certificateOf(by) } })

  test('speaks TLS where the fleet has certificates, and both ends show theirs', async () => {
    expect(await met(secure(), secure())).toEqual({ result: 'relayed', refused: [] })
    const stranger = authority('somebody else')
    expect((await met(secure(), {})).refused).toEqual(['relay-tls'])
    const wrong = await met(secure(), secure(stranger))
    await eventually('it is refused', () => wrong.refused.length > 0)
    expect(wrong).toEqual({ result: refusal, refused: ['relay-tls'] })
    expect((await met(secure(stranger), secure())).result).toEqual(refusal)
    const { ca } = certificateOf()
    const { at, refused } = await holder(secure())
    const without = tls.connect({ port: at, host: '127.0.0.1', ca, checkServerIdentity: () => undefined })
    without.on('error', () => {})
    expect(await all(without)).toBe('')
    await eventually('it is refused', () => refused.length === 1)
    expect(refused).toEqual(['relay-tls'])
  })

  test('in between does not pass for one, though its certificate is signed, too', async () => {
    const { at, refused } = await holder(secure())
    const settings = { ...certificateOf(), minVersion: 'TLSv1.3' as const }
    const middle = tls.createServer({ ...settings, requestCert: true }, (near) => {
      const far = tls.connect({
        ...settings,
        port: at,
        host: '127.0.0.1',
        checkServerIdentity: () => undefined,
      })
      for (const socket of [near, far]) socket.on('error', () => {})
      near.pipe(far).pipe(near)
    })
    middle.listen(0, '127.0.0.1')
    await once(middle, 'listening')
    open.push(() => middle.close())
    const { handshake } = await client()
    const its = dialer((middle.address() as net.AddressInfo).port, secure())
    expect(await its.elsewhere(handshake, 'token')).toEqual(refusal)
    expect(refused).toEqual(['relay-secret'])
  })
})

describe('a stranger', () => {
  const connect = (at: number) => {
    const socket = net.connect({ port: at, host: '127.0.0.1' })
    socket.on('error', () => {})
    open.push(() => socket.destroy())
    return socket
  }

  test.each([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a line without end', 'x'.repeat(5000)],
    ['TLS', Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 10])],
    ['JSON of another shape', `${'A'.repeat(43)} {"relay":"1"}\n`],
    ['a code that is none', `${'!'.repeat(43)} {}\n`],
    ['nothing', ''],
  ])('that says %s is refused without a word', async (_, said) => {
    const { at, refused } = await holder()
    const socket = connect(at)
    const told = all(socket)
    socket.end(said)
    expect(await told).toBe('')
    await eventually('it is counted', () => refused.length === 1)
    expect(refused).toEqual(['relay-stranger'])
  })

  test('that guesses a code is refused without a word', async () => {
    const { at, refused } = await holder()
    const socket = connect(at)
    const wrong = new Transcript(relayKey('chat', 'another secret'), Buffer.alloc(0))
    socket.write(wrong.write({ relay: [1], fleet: 'chat', from: 'asker', to: 'holder', nonce: 'n' }))
    expect(await all(socket)).toBe('')
    expect(refused).toEqual(['relay-secret'])
  })

  test('that replays all that a node has said learns nothing, and opens nothing', async () => {
    const served: ClientHandshake[] = []
    const { at, refused } = await holder({
      serve: (stream, handshake) => {
        served.push(handshake)
        stream.resume()
      },
    })
    const heard: Buffer[] = []
    const between = await server((near) => {
      const far = net.connect({ port: at, host: '127.0.0.1' })
      for (const socket of [near, far]) socket.on('error', () => {})
      near.on('data', (bytes) => heard.push(Buffer.from(bytes)))
      near.pipe(far).pipe(near)
    })
    const { handshake } = await client()
    expect(await dialer(between).elsewhere(handshake, 'token')).toBe('relayed')
    const socket = connect(at)
    socket.write(Buffer.concat(heard))
    // The challenge, which is another each time, and no more.
    expect(await all(socket)).toMatch(/^[\w-]{43} \{"version":2,"nonce":"[\w-]+"\}\n$/)
    await eventually('it is counted', () => refused.length === 1)
    expect(refused).toEqual(['relay-replayed'])
    expect(served).toHaveLength(1)
  })

  test('that says nothing is let go of after five seconds', async () => {
    const clock = fakeClock()
    const { at, refused } = await holder({ clock })
    const socket = connect(at)
    await eventually('it waits', () => clock.pending > 0)
    await clock.advance(4_999)
    expect(refused).toEqual([])
    await clock.advance(1)
    expect(await all(socket)).toBe('')
    expect(refused).toEqual(['relay-late'])
  })

  test('that takes all places has to go for the next, who may be a node', async () => {
    const { at, refused } = await holder()
    for (let i = 0; i < 64; i++) await once(connect(at), 'connect')
    const { handshake } = await client()
    expect(await dialer(at).elsewhere(handshake, 'token')).toBe('relayed')
    expect(refused).toEqual(['relay-full'])
  })
})
