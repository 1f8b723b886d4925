import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ConnectionAction, type ConnectionEvent, type ConnectionState, next } from '../src/connection.ts'

const about = {
  manners: {
    rejections: 'pass' as const,
    badGateway: 'close' as const,
    closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
  },
  retry: () => 1500,
}

function run(...events: ConnectionEvent[]): { state: ConnectionState; actions: ConnectionAction[] } {
  let state: ConnectionState = { name: 'open' }
  const actions: ConnectionAction[] = []
  for (const event of events) {
    const [after, more] = next(state, event, about)
    state = after
    actions.push(...more)
  }
  return { state, actions: actions.filter(({ do: what }) => what !== 'wait') }
}

const closeFrom = (from: 'client' | 'upstream', code?: number, reason = ''): ConnectionEvent => ({
  type: 'close-frame',
  from,
  code,
  reason,
})
const ended = (side: 'client' | 'upstream', insideFrame = false): ConnectionEvent => ({
  type: 'ended',
  side,
  insideFrame,
})
const happened = (
  happening: Extract<ConnectionEvent, { type: 'happened' }>['happening'],
): ConnectionEvent => ({
  type: 'happened',
  happening,
})

describe('a connection', () => {
  test('that the client closes hands Close and echo on and lets the upstream end TCP', () => {
    const { state, actions } = run(closeFrom('client', 4001, 'bye'), closeFrom('upstream', 4001, 'bye'))
    expect(actions).toEqual([
      { do: 'forward-close', to: 'upstream' },
      { do: 'forward-close', to: 'client' },
      { do: 'await-end', side: 'upstream' },
      { do: 'end', side: 'client' },
    ])
    expect(state).toEqual({ name: 'closed', verdict: { code: 4001, reason: 'bye', by: 'client' } })
  })

  test('that the upstream closes hands on a Close without a code as one without a code', () => {
    const { state, actions } = run(closeFrom('upstream'), closeFrom('client'))
    expect(actions[0]).toEqual({ do: 'forward-close', to: 'client' })
    expect(state).toEqual({ name: 'closed', verdict: { code: 1005, reason: '', by: 'upstream' } })
  })

  test('that the upstream closes with a bare 1012 tells the client when to come back', () => {
    const { actions } = run(closeFrom('upstream', 1012))
    expect(actions).toEqual([
      { do: 'send-close', to: 'client', code: 1012, reason: 'service restart; retry=1500' },
    ])
  })

  test('that the upstream closes with a 1012 of its own words keeps them', () => {
    const { actions } = run(closeFrom('upstream', 1012, 'brb; retry=70'))
    expect(actions).toEqual([{ do: 'send-close', to: 'client', code: 1012, reason: 'brb; retry=70' }])
  })

  test('whose upstream is lost says 1014, and 1006 by ending TCP inside a frame', () => {
    expect(run(ended('upstream')).actions[0]).toEqual({
      do: 'send-close',
      to: 'client',
      code: 1014,
      reason: 'bad gateway: upstream connection lost',
    })
    const { state, actions } = run(ended('upstream', true))
    expect(actions[0]).toEqual({ do: 'end', side: 'client' })
    expect(state).toMatchObject({ name: 'closed', verdict: { code: 1006, by: 'upstream' } })
  })

  test('whose upstream does not echo the Close is answered by the gateway after the time for it', () => {
    const { state, actions } = run(closeFrom('client', 1000, 'done'), { type: 'too-late' })
    expect(actions).toContainEqual({ do: 'destroy', side: 'upstream' })
    expect(actions).toContainEqual({ do: 'send-close', to: 'client', code: 1000, reason: 'done' })
    expect(state.name).toBe('closed')
  })

  test('that drains tells the upstream 1001 only after the client has answered', () => {
    const first = run(happened({ what: 'gateway-drains', retry: 2000 }))
    expect(first.actions).toEqual([
      { do: 'send-close', to: 'client', code: 1012, reason: 'service restart; retry=2000' },
    ])
    const both = run(
      happened({ what: 'gateway-drains', retry: 2000 }),
      closeFrom('client', 1012),
      closeFrom('upstream', 1001),
    )
    expect(both.actions.slice(1)).toEqual([
      { do: 'end', side: 'client' },
      { do: 'send-close', to: 'upstream', code: 1001, reason: 'service restart' },
      { do: 'await-end', side: 'upstream' },
    ])
    expect(both.state.name).toBe('closed')
  })

  test('that drains tells the upstream 1001 too when the client is gone or never answers', () => {
    const told = { do: 'send-close', to: 'upstream', code: 1001, reason: 'service restart' }
    expect(run(happened({ what: 'gateway-drains', retry: 1 }), ended('client')).actions).toContainEqual(told)
    expect(run(happened({ what: 'gateway-drains', retry: 1 }), { type: 'too-late' }).actions).toContainEqual(
      told,
    )
  })

  test('whose client breaks the protocol is failed: Close 1002 and the end, not read any further', () => {
    const { state, actions } = run(happened({ what: 'client-breaks-protocol' }))
    expect(actions).toEqual([
      { do: 'send-close', to: 'client', code: 1002, reason: 'protocol error' },
      { do: 'end', side: 'upstream' },
      { do: 'end', side: 'client' },
    ])
    expect(state.name).toBe('closed')
  })

  const side = fc.constantFrom('client' as const, 'upstream' as const)
  const event: fc.Arbitrary<ConnectionEvent> = fc.oneof(
    fc.record({
      type: fc.constant('close-frame' as const),
      from: side,
      code: fc.option(fc.constantFrom(1000, 1001, 1012, 4000), { nil: undefined }),
      reason: fc.constant('r'),
    }),
    fc.record({ type: fc.constant('ended' as const), side, insideFrame: fc.boolean() }),
    fc.record({ type: fc.constant('unsaid' as const), side }),
    fc.constant({ type: 'too-late' as const }),
    fc.constantFrom(
      happened({ what: 'gateway-drains', retry: 1 }),
      happened({ what: 'client-silent' }),
      happened({ what: 'upstream-breaks-protocol' }),
      happened({ what: 'message-too-big', from: 'upstream' }),
      happened({ what: 'gateway-fault' }),
    ),
  )

  test('sends at most one Close to each side, none to one that is gone, and always ends', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 12 }), (events) => {
        let state: ConnectionState = { name: 'open' }
        const closes = { client: 0, upstream: 0 }
        const out = { client: false, upstream: false }
        const apply = (one: ConnectionEvent) => {
          const [after, actions] = next(state, one, about)
          state = after
          if (one.type === 'ended') out[one.side] = true
          for (const action of actions) {
            if (action.do === 'send-close' || action.do === 'forward-close') {
              expect(out[action.to]).toBe(false)
              closes[action.to]++
            }
            if (action.do === 'destroy') out[action.side] = true
          }
        }
        events.forEach(apply)
        // Whatever happened, two time limits after the last event nothing waits any more.
        if ((state as ConnectionState).name !== 'open') {
          apply({ type: 'too-late' })
          apply({ type: 'too-late' })
          expect(state.name).toBe('closed')
        }
        expect(closes.client).toBeLessThanOrEqual(1)
        expect(closes.upstream).toBeLessThanOrEqual(1)
      }),
      { numRuns: 2000 },
    )
  })
})
