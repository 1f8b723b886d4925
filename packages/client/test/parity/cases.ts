import {
  closedPort,
  faultUpstream,
  frame,
  opcode,
  type RawConnection,
  rawUpstream,
  startUpstream,
} from '@holdfast/testing'
import type { Plan, Step } from './observe.ts'
import type { Job } from './run.ts'

/** One case: a server, what the client does, and what WHATWG says that it sees. */
export interface Case {
  readonly name: string
  readonly plan?: Plan
  readonly connectTimeout?: number
  readonly protocols?: readonly string[]
  readonly expected: readonly Step[]
  /** Expected too: what WHATWG leaves open, or words so that implementations differ. Native and ours must agree. */
  readonly withError?: readonly Step[]
  serve(): Promise<{ url: string } & Partial<AsyncDisposable>>
}

const constructed: Step = { what: 'constructed', readyState: 0, bufferedAmount: 0 }
const open: Step = { what: 'open', readyState: 1, bufferedAmount: 0, protocol: '' }
const error: Step = { what: 'error', readyState: 3, bufferedAmount: 0 }

function close(code: number, reason = '', wasClean = true): Step {
  return { what: 'close', readyState: 3, code, reason, wasClean, bufferedAmount: 0 }
}

// WHATWG, establish: "If the user agent was required to fail the WebSocket connection [...], fire an event named
// error at the WebSocket object", then `close`, both when the ready state is CLOSED already.
const failure = [error, close(1006, '', false)]
const neverOpen = [constructed, ...failure]

const closedBy = (act: (peer: RawConnection) => void) => () =>
  rawUpstream({
    onOpen: (peer) => {
      peer.onMessage = () => act(peer)
    },
  })

const go: Plan = { open: [{ call: 'send', text: 'go' }] }
const went: Step = { what: 'send(go)', readyState: 1 }

function closesWith(code: number | undefined, reason = ''): Case {
  const shown = code ?? 1005
  return {
    name: `the server closes with ${shown}`,
    plan: go,
    expected: [constructed, open, went, close(shown, reason)],
    serve: closedBy((peer) => peer.close(code, reason)),
  }
}

export const cases: readonly Case[] = [
  {
    name: 'refused',
    expected: neverOpen,
    serve: async () => ({ url: `ws://127.0.0.1:${await closedPort()}` }),
  },
  { name: 'reset during the handshake', expected: neverOpen, serve: () => faultUpstream('reset on request') },
  { name: 'HTTP 401', expected: neverOpen, serve: () => faultUpstream('status 401') },
  { name: 'HTTP 503', expected: neverOpen, serve: () => faultUpstream('status 503') },
  { name: 'not HTTP', expected: neverOpen, serve: () => faultUpstream('garbage') },
  { name: 'a wrong accept key', expected: neverOpen, serve: () => faultUpstream('wrong accept key') },
  {
    name: 'no answer within the time limit',
    plan: { closeUnlessOpenAfter: 300 },
    connectTimeout: 300,
    expected: neverOpen,
    serve: () => faultUpstream('no answer'),
  },
  // RFC 6455 7.2.1 lets a client fail a connection whose transport is lost, which WHATWG tells with an `error`
  // too. undici and Node since 22 do that; Chromium, ws, Bun and Node 20 do not. Ours does what its connection
  // does: see `withError`.
  {
    name: 'terminated',
    plan: go,
    expected: [constructed, open, went, close(1006, '', false)],
    withError: [constructed, open, went, ...failure],
    serve: closedBy((peer) => peer.end()),
  },
  {
    name: 'reset',
    plan: go,
    expected: [constructed, open, went, close(1006, '', false)],
    withError: [constructed, open, went, ...failure],
    serve: closedBy((peer) => peer.reset()),
  },
  closesWith(1000, 'done'),
  closesWith(1001),
  closesWith(undefined),
  closesWith(1011, 'out of cheese'),
  closesWith(1012, 'service restart; retry=1500'),
  closesWith(1013, 'try again later; retry=100'),
  closesWith(3000),
  closesWith(4001, 'né à Köln'),
  {
    name: 'a message too large for the server',
    plan: { open: [{ call: 'send', bytes: 5_000 }] },
    expected: [constructed, open, { what: 'send(5000)', readyState: 1 }, close(1009)],
    serve: () => startUpstream({ maxPayload: 1_000 }),
  },
  {
    name: 'text that is not UTF-8',
    plan: go,
    expected: [constructed, open, went, ...failure],
    serve: closedBy((peer) => peer.write(frame({ opcode: opcode.text, payload: Uint8Array.of(0xff, 0xfe) }))),
  },
  {
    name: 'a masked frame',
    plan: go,
    expected: [constructed, open, went, ...failure],
    serve: closedBy((peer) =>
      peer.write(frame({ opcode: opcode.text, payload: 'x', mask: Uint8Array.of(1, 2, 3, 4) })),
    ),
  },
  {
    name: 'close() while CONNECTING',
    plan: {
      constructed: [{ call: 'send', text: 'early' }, { call: 'close' }, { call: 'send', text: 'late' }],
    },
    expected: [
      constructed,
      { what: 'send(early)', readyState: 0, threw: 'InvalidStateError' },
      { what: 'close()', readyState: 2, bufferedAmount: 0 },
      { what: 'send(late)', readyState: 2, bufferedAmount: 4 },
      { ...error, bufferedAmount: 4 },
      { ...close(1006, '', false), bufferedAmount: 4 },
    ],
    serve: () => startUpstream(),
  },
  {
    name: 'close() while OPEN, CLOSING and CLOSED',
    plan: {
      open: [{ call: 'close' }, { call: 'close', code: 4000 }, { call: 'send', text: '€' }],
      close: [
        { call: 'close', code: 1000 },
        { call: 'send', bytes: 7 },
      ],
    },
    expected: [
      constructed,
      open,
      { what: 'close()', readyState: 2, bufferedAmount: 0 },
      { what: 'close(4000)', readyState: 2, bufferedAmount: 0 },
      { what: 'send(€)', readyState: 2, bufferedAmount: 3 },
      { ...close(1005), bufferedAmount: 3 },
      { what: 'close(1000)', readyState: 3, bufferedAmount: 3 },
      { what: 'send(7)', readyState: 3, bufferedAmount: 10 },
    ],
    serve: () => startUpstream(),
  },
  {
    name: 'close(4321, reason)',
    plan: { open: [{ call: 'close', code: 4321, reason: 'tschüß' }] },
    expected: [
      constructed,
      open,
      { what: 'close(4321, tschüß)', readyState: 2, bufferedAmount: 0 },
      close(4321, 'tschüß'),
    ],
    serve: () => startUpstream(),
  },
  {
    name: 'close() and a message that crosses it',
    plan: { message: [{ call: 'close', code: 1000 }] },
    expected: [
      constructed,
      open,
      { what: 'message', readyState: 1, data: 'one' },
      { what: 'close(1000)', readyState: 2, bufferedAmount: 0 },
      close(1000),
    ],
    serve: () =>
      rawUpstream({
        onOpen: (peer) => {
          peer.text('one')
          peer.text('two')
        },
      }),
  },
  {
    name: 'close() with wrong arguments',
    plan: {
      open: [
        { call: 'close', code: 999 },
        { call: 'close', code: 1001 },
        { call: 'close', code: 5000 },
        { call: 'close', code: 0 },
        { call: 'close', code: 3000, reason: 'é'.repeat(62) },
        { call: 'close', code: 1000, reason: 'é'.repeat(61) },
      ],
    },
    expected: [
      constructed,
      open,
      { what: 'close(999)', readyState: 1, threw: 'InvalidAccessError' },
      { what: 'close(1001)', readyState: 1, threw: 'InvalidAccessError' },
      { what: 'close(5000)', readyState: 1, threw: 'InvalidAccessError' },
      { what: 'close(0)', readyState: 1, threw: 'InvalidAccessError' },
      { what: `close(3000, ${'é'.repeat(62)})`, readyState: 1, threw: 'SyntaxError' },
      { what: `close(1000, ${'é'.repeat(61)})`, readyState: 2, bufferedAmount: 0 },
      close(1000, 'é'.repeat(61)),
    ],
    serve: () => startUpstream(),
  },
  {
    name: 'a subprotocol',
    protocols: ['soap', 'chat.v2'],
    expected: [constructed, { ...open, protocol: 'chat.v2' }, close(1000)],
    serve: () => rawUpstream({ protocol: 'chat.v2', onOpen: (peer) => peer.close(1000) }),
  },
  {
    name: 'a subprotocol that was never offered',
    protocols: ['soap'],
    expected: neverOpen,
    serve: () => faultUpstream('subprotocol never offered'),
  },
  {
    name: 'messages of both kinds',
    plan: {
      open: [
        { call: 'send', text: 'a' },
        { call: 'send', bytes: 3 },
      ],
    },
    expected: [
      constructed,
      open,
      { what: 'send(a)', readyState: 1 },
      { what: 'send(3)', readyState: 1 },
      { what: 'message', readyState: 1, data: 'a' },
      { what: 'message', readyState: 1, data: '[object Blob]' },
      close(1000),
    ],
    serve: () => startUpstream({ closeAfter: { messages: 2, code: 1000 } }),
  },
]

/** All servers, and the jobs that use them. */
export async function startCases(): Promise<AsyncDisposable & { jobs: Job[] }> {
  const servers = await Promise.all(cases.map((one) => one.serve()))
  const jobs = cases.map(({ name, plan = {}, protocols = [], connectTimeout }, i) => ({
    name,
    plan,
    protocols,
    connectTimeout,
    url: servers[i]!.url,
  }))
  return {
    jobs,
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map((server) => server[Symbol.asyncDispose]?.()))
    },
  }
}
