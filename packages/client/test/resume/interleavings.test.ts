import { fakeClock } from '@holdfast/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { ReconnectingWebSocket, type SessionEnd } from '../../src/resume.ts'
import { ScriptedConnection } from '../scripted-connection.ts'
import { gatewaySessions, type Message } from './gateway-sessions.ts'

/** A connection whose messages arrive one by one, when the test says so, or never. */
class Link extends ScriptedConnection {
  static made: Link[] = []
  override protocol = ''
  readonly offers: string[]
  readonly up: Message[] = []
  readonly down: Message[] = []
  peer: ReturnType<ReturnType<typeof gatewaySessions>['connect']> | undefined
  isCut = false

  constructor(url: string, protocols: string[] = []) {
    super(url)
    this.offers = protocols
    Link.made.push(this)
  }

  override send(data: unknown): void {
    if (!this.isCut) this.up.push(data as Message)
  }

  terminate(): void {
    this.isCut = true
    this.readyState = 3
  }
}

type Step =
  | { readonly kind: 'client' | 'server'; readonly size: number }
  | { readonly kind: 'shake' | 'up' | 'down' | 'cut' | 'half' | 'expire' }
  | { readonly kind: 'wait'; readonly ms: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constantFrom('client' as const, 'server' as const), size: fc.nat(3) }),
  },
  {
    weight: 12,
    arbitrary: fc.record({ kind: fc.constantFrom('shake' as const, 'up' as const, 'down' as const) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'half' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(12_000) }) },
)

it('each message arrives once and in order, or close says that it has not, whatever the network does', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 120, size: 'max' }),
      fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true })),
      async (steps, random) => {
        Link.made = []
        const clock = fakeClock()
        const { sessions, connect } = gatewaySessions({ window: 1000, onMessage() {} })
        const socket = new ReconnectingWebSocket('ws://x/', 'chat', {
          resume: true,
          WebSocket: Link as never,
          clock,
          random: () => random.next().value,
        })
        const sent: string[] = []
        const got: string[] = []
        const events: string[] = []
        const ends: SessionEnd[] = []
        socket.onmessage = ({ data }) => got.push(data)
        for (const type of ['open', 'suspend', 'resume', 'close'] as const)
          socket.addEventListener(type, () => events.push(type))
        socket.addEventListener('close', ({ session }) => session && ends.push(session))
        /** What of the upstream's messages a session has yielded, by session. */
        const said = new Map<number, string[]>()
        let count = 0

        const shake = (link: Link) => {
          if (link.peer || link.isCut || link.readyState) return
          // This server takes no handshake without the offers.
          if (!link.offers.includes('holdfast.v1')) return end(link, 1006)
          link.protocol = 'holdfast.v1'
          link.open()
          link.peer = connect(link.offers, {
            send: (message) => !link.isCut && link.down.push(message),
            // An old connection is told so; nobody listens to it any more.
            close() {},
          })
        }
        const end = (link: Link, code: number) => {
          if (link.readyState === 3 && link.isCut) return
          link.isCut = true
          link.peer?.end(code)
          link.end(code, '', code !== 1006)
        }
        const act = async (one: Step) => {
          const link = Link.made.at(-1)!
          if (one.kind === 'client') {
            const text = `c${count++}${'.'.repeat(one.size)}`
            if (socket.readyState < 2) {
              socket.send(text)
              sent.push(text)
            }
          } else if (one.kind === 'server') {
            const session = sessions.findLast(({ over }) => !over)
            const text = `s${count++}${'.'.repeat(one.size * 20)}`
            if (session) {
              session.send(text)
              said.set(session.id, [...(said.get(session.id) ?? []), text])
            }
          } else if (one.kind === 'shake') shake(link)
          else if (one.kind === 'up') {
            const message = link.up.shift()
            if (message !== undefined && !link.isCut) link.peer?.message(message)
          } else if (one.kind === 'down') {
            const message = link.down.shift()
            if (message !== undefined && !link.isCut) link.receive(message)
          } else if (one.kind === 'cut') end(link, 1006)
          // The link is dead, and nobody is told.
          else if (one.kind === 'half') link.isCut = true
          else if (one.kind === 'expire') sessions.at(-1)?.expire()
          else if (one.kind === 'wait') await clock.advance(one.ms)
        }
        for (const one of steps) await act(one)

        // Everything is well from now on.
        for (let turn = 0; turn < 400; turn++) {
          const link = Link.made.at(-1)!
          shake(link)
          while (link.up.length && !link.isCut) link.peer!.message(link.up.shift()!)
          while (link.down.length && !link.isCut) link.receive(link.down.shift())
          await clock.advance(500)
        }

        // From the client: what arrived and what was handed back is what was sent, in order, by session.
        const arrived = sessions.map(({ received }) => received as string[])
        const handedBack = ends.map(({ unconfirmed }) => unconfirmed as string[])
        const accounted = arrived.flat()
        expect(new Set(accounted).size).toBe(accounted.length)
        ends.forEach(({ confirmed, unconfirmed, why }) => {
          if (why === 'expired') for (const message of unconfirmed) expect(accounted).not.toContain(message)
          expect(confirmed).toBeLessThanOrEqual(sent.length)
        })
        const all = new Set([...accounted, ...handedBack.flat()])
        for (const message of sent) expect(all).toContain(message)
        for (const messages of arrived) {
          const places = messages.map((message) => sent.indexOf(message))
          expect(places).toEqual([...places].sort((a, b) => a - b))
        }
        // To the client: the messages of each session, from its first, without a gap; of the last one, all.
        const last = Link.made.at(-1)!.peer!.session!
        let at = 0
        for (const { id } of sessions) {
          const mine = said.get(id) ?? []
          const seen = got.filter((message) => mine.includes(message))
          expect(seen).toEqual(id === last.id ? mine : mine.slice(0, seen.length))
          at += seen.length
        }
        expect(got).toHaveLength(at)
        // Between two `open` there is a `close`, between `suspend` and `resume` neither.
        expect(events.join(' ')).toMatch(
          /^(open( suspend resume)*( suspend)? close ?|close ?)*(open( suspend resume)*)?$/,
        )
        expect(socket.readyState).toBe(1)
        expect(clock.pending).toBeLessThanOrEqual(2)
        socket.close()
      },
    ),
    { numRuns: 150 },
  )
})
