import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { next } from '../src/connection/connection.ts'
import type {
  Circumstances,
  CloseCame,
  ConnectionAction,
  ConnectionEvent,
  ConnectionState,
} from '../src/connection/connection-state.ts'
import type { Holdable } from '../src/hold/hold-host.ts'
import { closeFrame } from '../src/wire/index.ts'

const about = {
  closePolicy: {
    rejections: 'pass' as const,
    badGateway: 'close' as const,
    closeCodes: { badGateway: 1014, restart: 1012, tryAgain: 1013 },
  },
  retry: () => 1500,
}

/** On a route with `hold`, where nothing stands in the way of holding unless it is said. */
const held = (some: Partial<Holdable> = {}): Circumstances => ({
  ...about,
  hold: {
    on: [1012, 'lost'],
    stopping: false,
    resendable: true,
    partlyTold: false,
    unproven: false,
    lostAgain: false,
    tooOften: false,
    shortRetry: () => 250,
    ...some,
  },
})

function run(...events: ConnectionEvent[]) {
  return runWith(about, ...events)
}

function runWith(
  circumstances: Circumstances,
  ...events: ConnectionEvent[]
): { state: ConnectionState; actions: ConnectionAction[] } {
  let state: ConnectionState = { name: 'open' }
  const actions: ConnectionAction[] = []
  for (const event of events) {
    const [after, more] = next(state, event, circumstances)
    state = after
    actions.push(...more)
  }
  return { state, actions: actions.filter(({ do: what }) => what !== 'wait') }
}

const closeFrom = (from: 'client' | 'upstream', code?: number, reason = ''): CloseCame => ({
  type: 'close-frame',
  from,
  code,
  reason,
  frame: closeFrame(code, reason, from === 'client'),
})
/** That Close of the other side, handed on as it came. */
const handedOn = (close: CloseCame): ConnectionAction => ({
  do: 'forward-close',
  to: close.from === 'client' ? 'upstream' : 'client',
  frame: close.frame,
})
const ended = (side: 'client' | 'upstream', insideFrame = false): ConnectionEvent => ({
  type: 'ended',
  side,
  insideFrame,
})
const happened = (cause: Extract<ConnectionEvent, { type: 'happened' }>['cause']): ConnectionEvent => ({
  type: 'happened',
  cause,
})

describe('a connection on a route with hold', () => {
  const restart = closeFrom('upstream', 1012)
  const attached: ConnectionEvent = { type: 'attached' }
  const hold = (code: number, echo: boolean) => ({ do: 'hold', code, echo })
  const told1012 = { do: 'send-close', to: 'client', code: 1012, reason: 'service restart; retry=1500' }

  test.each([
    ['closes with 1012', restart, hold(1012, true)],
    ['is lost', ended('upstream'), hold(1006, false)],
    ['leaves pings unanswered', happened({ what: 'upstream-silent' }), hold(1006, false)],
  ])('whose upstream %s is held, and goes on with the next one', (_, event, action) => {
    expect(runWith(held(), event)).toEqual({ state: { name: 'held' }, actions: [action] })
    expect(runWith(held(), event, attached)).toEqual({
      state: { name: 'open' },
      actions: [action, { do: 'resume' }],
    })
  })

  test.each([
    ['1000', closeFrom('upstream', 1000)],
    ['1008', closeFrom('upstream', 1008)],
    ['4001', closeFrom('upstream', 4001)],
    ['no code', closeFrom('upstream')],
  ])('whose upstream closes with %s tells the client so, also while it is about to leave', (_, event) => {
    for (const before of [[], [{ type: 'drain-ping' } as const], [{ type: 'upstream-drained' } as const]]) {
      const { state, actions } = runWith(held(), ...before, event)
      expect(state.name).toBe('closing')
      expect(actions.at(-1)).toEqual(handedOn(event))
    }
  })

  test.each([{ partlyTold: true }, { resendable: false }])('with %j tells the client 1012', (some) => {
    for (const event of [restart, ended('upstream'), happened({ what: 'upstream-silent' })]) {
      const { state, actions } = runWith(held(some), event)
      expect(state.name).toBe('closing')
      expect(actions[0]).toEqual(told1012)
    }
  })

  test('keeps to `on`: without a code or lost in it, the client is told as on any route', () => {
    expect(runWith(held({ on: ['lost'] }), restart).state.name).toBe('closing')
    expect(runWith(held({ on: [1012] }), ended('upstream')).state.name).toBe('closing')
    expect(runWith(held({ on: [1012] }), happened({ what: 'upstream-silent' })).state.name).toBe('closing')
    expect(runWith(held({ on: [1001] }), closeFrom('upstream', 1001)).state.name).toBe('held')
  })

  const mayStop = [undefined, 1000, 1001, 3000, 4001, 4999]
  const judged = (stops: boolean): ConnectionEvent => ({ type: 'judged', stops })

  test.each(mayStop)('whose upstream closes with %s hears of it when that is known not to stop', (code) => {
    for (const before of [[], [{ type: 'drain-ping' } as const]]) {
      const close = closeFrom('upstream', code, 'out')
      const judging = runWith(held({ stopping: true }), ...before, close)
      expect(judging.state).toEqual({ name: 'judging', close })
      expect(judging.actions.at(-1)).toEqual({ do: 'judge', code })
      const kicked = runWith(held({ stopping: true }), close, judged(false))
      expect(kicked.state).toMatchObject({ name: 'closing', client: 'told', upstream: 'gone' })
      expect(kicked.actions).toEqual([{ do: 'judge', code }, handedOn(close)])
    }
  })

  test.each(mayStop)('whose upstream closes with %s because it stops is held', (code) => {
    const { state, actions } = runWith(held({ stopping: true }), closeFrom('upstream', code), judged(true))
    expect(state).toEqual({ name: 'held' })
    expect(actions).toEqual([{ do: 'judge', code }, hold(code ?? 1005, false)])
    const objections = { ...held({ stopping: true, unproven: true }) }
    expect(runWith(objections, closeFrom('upstream', code), judged(true)).actions).toEqual([
      { do: 'judge', code },
      { do: 'let-go', why: 'not-restored', departed: code ?? 1005 },
      { do: 'send-close', to: 'client', code: 1012, reason: 'service restart; retry=250' },
    ])
  })

  test.each([1002, 1003, 1008, 1009, 1011, 1013, 1014])(
    'whose upstream closes with %i hears it at once',
    (code) => {
      const close = closeFrom('upstream', code)
      expect(runWith(held({ stopping: true }), close).actions[0]).toEqual(handedOn(close))
    },
  )

  test('that leaves while it is being found out whether its upstream stops is answered', () => {
    const { state, actions } = runWith(
      held({ stopping: true }),
      closeFrom('upstream', 1000),
      closeFrom('client', 1001, 'bye'),
      judged(true),
    )
    expect(state).toEqual({ name: 'closed', verdict: { code: 1001, reason: 'bye', by: 'client' } })
    expect(actions).toContainEqual({ do: 'send-close', to: 'client', code: 1001, reason: 'bye' })
  })

  test('answers the drain Ping when the client is quiet, and only then', () => {
    const ping: ConnectionEvent = { type: 'drain-ping' }
    const first = runWith(held(), ping, ping)
    expect(first.actions).toEqual([{ do: 'wait-departure' }, { do: 'quieten' }])
    const { actions } = runWith(held(), ping, { type: 'quiet' }, ping)
    expect(actions.slice(2)).toEqual([{ do: 'answer-drain' }, { do: 'answer-drain' }])
  })

  test('whose upstream announced its end and stays has its client told 1012', () => {
    const { actions } = runWith(held(), { type: 'drain-ping' }, { type: 'quiet' }, { type: 'too-late' })
    expect(actions).toContainEqual(told1012)
  })

  test('whose upstream the operator drains says 1001 to it behind the last message, then holds', () => {
    const drained: ConnectionEvent = { type: 'upstream-drained' }
    const before = runWith(held(), drained, { type: 'quiet' })
    expect(before.actions.at(-1)).toEqual({ do: 'send-close', to: 'upstream', code: 1001, reason: '' })
    for (const gone of [closeFrom('upstream', 1001), ended('upstream'), { type: 'too-late' } as const]) {
      const { state, actions } = runWith(held(), drained, { type: 'quiet' }, gone)
      expect(state.name).toBe('held')
      expect(actions.at(-1)).toEqual(hold(1001, false))
    }
  })

  test('that was told 1001 is told nothing more when the client closes, who gets its own code back', () => {
    const { state, actions } = runWith(
      held(),
      { type: 'upstream-drained' },
      { type: 'quiet' },
      closeFrom('client', 4001, 'bye'),
      closeFrom('upstream', 1001),
    )
    expect(actions.slice(3)).toEqual([
      { do: 'send-close', to: 'client', code: 4001, reason: 'bye' },
      { do: 'end', side: 'client' },
      { do: 'await-end', side: 'upstream' },
    ])
    expect(state).toEqual({ name: 'closed', verdict: { code: 4001, reason: 'bye', by: 'client' } })
  })

  test('hands on what a client said before its Close when the upstream is about to leave', () => {
    const close = closeFrom('client', 1000)
    const { actions } = runWith(held(), { type: 'drain-ping' }, { type: 'quiet' }, close)
    expect(actions.slice(-2)).toEqual([{ do: 'release' }, handedOn(close)])
  })

  test('that is held answers the client that closes, and lets go of one that is lost', () => {
    const closes = runWith(held(), restart, closeFrom('client', 4001, 'bye'))
    expect(closes.state).toEqual({ name: 'closed', verdict: { code: 4001, reason: 'bye', by: 'client' } })
    expect(closes.actions).toContainEqual({ do: 'send-close', to: 'client', code: 4001, reason: 'bye' })
    const lost = runWith(held(), restart, ended('client'))
    expect(lost.state).toMatchObject({ name: 'closed', verdict: { code: 1006, by: 'client' } })
  })
})

describe('a connection', () => {
  test('that the client closes hands Close and echo on and lets the upstream end TCP', () => {
    const close = closeFrom('client', 4001, 'bye')
    const echo = closeFrom('upstream', 4001, 'bye')
    const { state, actions } = run(close, echo)
    expect(actions).toEqual([
      handedOn(close),
      handedOn(echo),
      { do: 'await-end', side: 'upstream' },
      { do: 'end', side: 'client' },
    ])
    expect(state).toEqual({ name: 'closed', verdict: { code: 4001, reason: 'bye', by: 'client' } })
  })

  test('that the upstream closes hands on a Close without a code as one without a code', () => {
    const close = closeFrom('upstream')
    const { state, actions } = run(close, closeFrom('client'))
    expect(actions[0]).toEqual(handedOn(close))
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

  test('whose upstream does not echo the Close sees the end of TCP after the time for it, and no answer that nobody gave', () => {
    const { state, actions } = run(closeFrom('client', 1000, 'done'), { type: 'too-late' })
    expect(actions).toContainEqual({ do: 'destroy', side: 'upstream' })
    expect(actions).toContainEqual({ do: 'end', side: 'client' })
    expect(actions.some((action) => action.do === 'send-close')).toBe(false)
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

  const failed = happened({ what: 'client-breaks-protocol' })
  const answers: Circumstances = { ...about, owes: true }
  const toldBoth = [
    { do: 'send-close', to: 'client', code: 1002, reason: 'protocol error' },
    { do: 'end', side: 'upstream' },
    { do: 'end', side: 'client' },
  ]

  test.each<ConnectionEvent>([
    { type: 'answered' },
    { type: 'too-late' },
    failed,
    happened({ what: 'upstream-silent' }),
  ])('whose client breaks the protocol behind something waits for the answers, until %o', (then) => {
    const [waiting, actions] = next({ name: 'open' }, failed, answers)
    expect([waiting.name, actions]).toEqual(['failing', [{ do: 'ask-last' }]])
    const [after, last] = next(waiting, then, answers)
    expect(last).toEqual([...toldBoth, { do: 'wait' }])
    expect(after.name).toBe('closed')
  })

  test('whose upstream closes meanwhile answers it, and says 1002 to the client', () => {
    const [waiting] = next({ name: 'open' }, failed, answers)
    const close = closeFrom('upstream', 4000, 'r')
    const [after, actions] = next(waiting, close, answers)
    expect(actions).toEqual([
      toldBoth[0],
      toldBoth[2],
      { do: 'send-close', to: 'upstream', code: 4000, reason: 'r' },
      { do: 'await-end', side: 'upstream' },
      { do: 'wait' },
    ])
    expect(after).toEqual({
      name: 'closed',
      verdict: { code: 1002, reason: 'protocol error', by: 'gateway' },
    })
  })

  test('whose client is lost meanwhile lets the upstream go', () => {
    const [waiting] = next({ name: 'open' }, failed, answers)
    const [after] = next(waiting, ended('client'), answers)
    expect(after).toEqual({ name: 'closed', verdict: { code: 1006, reason: '', by: 'client' } })
  })

  const side = fc.constantFrom('client' as const, 'upstream' as const)
  const event: fc.Arbitrary<ConnectionEvent> = fc.oneof(
    fc
      .tuple(side, fc.option(fc.constantFrom(1000, 1001, 1012, 4000), { nil: undefined }))
      .map(([from, code]) => closeFrom(from, code, code === undefined ? '' : 'r')),
    fc.record({ type: fc.constant('ended' as const), side, insideFrame: fc.boolean() }),
    fc.record({ type: fc.constant('unsaid' as const), side }),
    fc.constant({ type: 'too-late' as const }),
    fc.constantFrom(
      happened({ what: 'gateway-drains', retry: 1 }),
      happened({ what: 'client-silent' }),
      happened({ what: 'upstream-breaks-protocol' }),
      happened({ what: 'upstream-reason-not-utf8' }),
      happened({ what: 'message-too-big', from: 'upstream' }),
      happened({ what: 'message-too-big', from: 'client' }),
      happened({ what: 'client-breaks-protocol' }),
      happened({ what: 'client-reason-not-utf8' }),
      happened({ what: 'too-many-messages' }),
      happened({ what: 'gateway-fault' }),
    ),
    fc.constant({ type: 'answered' as const }),
  )

  const eventWithHold: fc.Arbitrary<ConnectionEvent> = fc.oneof(
    { weight: 3, arbitrary: event },
    {
      weight: 2,
      arbitrary: fc.constantFrom<ConnectionEvent>(
        { type: 'drain-ping' },
        { type: 'upstream-drained' },
        { type: 'quiet' },
        { type: 'attached' },
        { type: 'judged', stops: true },
        { type: 'judged', stops: false },
        { type: 'cut' },
        happened({ what: 'upstream-silent' }),
        happened({ what: 'upstream-not-back', retry: 1 }),
      ),
    },
  )
  const holdable = fc.record({
    on: fc.subarray<number | 'lost'>([1001, 1012, 'lost']),
    stopping: fc.boolean(),
    resendable: fc.boolean(),
    partlyTold: fc.boolean(),
    unproven: fc.boolean(),
    lostAgain: fc.boolean(),
    tooOften: fc.boolean(),
    shortRetry: fc.constant(() => 250),
  })

  test('with or without hold keeps to the order of things, whatever happens, and is closed when it is cut', () => {
    const steps = fc.array(fc.tuple(eventWithHold, holdable), { maxLength: 16 })
    fc.assert(
      fc.property(steps, fc.boolean(), fc.boolean(), (events, holds, owes) => {
        let state: ConnectionState = { name: 'open' }
        const closes = { client: 0, upstream: 0 }
        for (const [one, hold] of events) {
          // The Pipe of a connection that is held has no upstream that could say anything.
          const fromUpstream =
            'from' in one ? one.from === 'upstream' : 'side' in one && one.side === 'upstream'
          if ((state.name === 'held' || state.name === 'judging') && fromUpstream) continue
          const was: ConnectionState = state
          const [after, actions] = next(state, one, { ...about, owes, ...(holds && { hold }) })
          state = after
          if (!holds) expect(['open', 'failing', 'closing', 'closed']).toContain(after.name)
          if (was.name === 'failing') expect(['failing', 'closing', 'closed']).toContain(after.name)
          if (after.name === 'held' && was.name !== 'held') {
            expect(hold).toMatchObject({
              resendable: true,
              partlyTold: false,
              unproven: false,
              tooOften: false,
            })
            expect(actions).toEqual([expect.objectContaining({ do: 'hold' })])
            if (hold.lostAgain) expect(actions).not.toMatchObject([{ code: 1006 }])
            closes.upstream = 0
          }
          if (after.name === 'judging' && was.name !== 'judging') {
            expect(hold.stopping).toBe(true)
            expect(actions).toEqual([expect.objectContaining({ do: 'judge' })])
          }
          if (was.name === 'closed') expect(actions).toEqual([])
          if (was.name === 'closing') expect(['closing', 'closed']).toContain(after.name)
          if (was.name === 'held' && after.name === 'open') expect(actions).toEqual([{ do: 'resume' }])
          for (const action of actions) {
            if (action.do !== 'send-close' && action.do !== 'forward-close') continue
            closes[action.to]++
            if (was.name === 'held' || was.name === 'judging') expect(action.to).toBe('client')
          }
          expect(closes.client).toBeLessThanOrEqual(1)
          expect(closes.upstream).toBeLessThanOrEqual(1)
        }
        const [last] = next(state, { type: 'cut' }, about)
        expect(last.name).toBe('closed')
      }),
      { numRuns: 2000 },
    )
  })

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
