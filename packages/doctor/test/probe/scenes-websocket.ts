// What goes wrong behind the 101, by servers with a proxy in front.
import { createServer } from 'node:http'
import {
  type Fault,
  type Frame,
  faultUpstream,
  opcode,
  type RawConnection,
  rawUpstream,
  startGateway,
  startUpstream,
} from '@holdfast/testing'
import { buildSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import type { CheckOptions } from '../../src/check.ts'
import { listenable } from './listenable.ts'
import { behindProxy, behindRelay, between, nowhere, type Scene, type Stage } from './scene.ts'

/** A server with a fault of the kit. */
function fault(name: Fault, options: CheckOptions = {}) {
  return async (stage: Stage) => {
    const upstream = await stage.use(faultUpstream(name))
    return behindProxy(stage, upstream.port, options)
  }
}

/** A server that does something of its own on an open connection, and a relay in front. */
function peer(act: (peer: RawConnection) => void, options: CheckOptions = {}) {
  return async (stage: Stage) => {
    const upstream = await stage.use(rawUpstream({ onOpen: act }))
    return behindRelay(stage, upstream.port, options)
  }
}

/** Calls back with each frame of the client. */
function eachFrame(peer: RawConnection, act: (frame: Frame) => void): void {
  let seen = 0
  peer.changes.subscribe(() => {
    while (seen < peer.frames.length) act(peer.frames[seen++]!)
  })
}

/** A server that answers a Close like this. */
const answersClose = (answer: (peer: RawConnection) => void, options: CheckOptions = {}) =>
  peer((it) => {
    it.answersCloses = false
    eachFrame(it, (frame) => frame.opcode === opcode.close && answer(it))
  }, options)

/** A server that closes at once. */
const closing = (code: number, reason = '') => peer((it) => it.close(code, reason))

/** A server that does not take messages of more than 1,000 bytes. */
const atLarge = (act: (peer: RawConnection) => void, options: CheckOptions = {}) =>
  peer((it) => {
    it.onMessage = ({ payload }) => payload.length > 1_000 && act(it)
  }, options)

/** A real GraphQL server. */
function graphql(options: CheckOptions = {}) {
  return async (stage: Stage) => {
    const http = createServer()
    const schema = buildSchema('type Query { hello: String }')
    useServer({ schema, connectionInitWaitTimeout: 400 }, new WebSocketServer({ server: http }))
    const { port } = await stage.use(listenable(http))
    return behindProxy(stage, port, options)
  }
}

const short = { timeout: 3_000 }

export const webSocketScenes: Scene[] = [
  {
    it: 'a healthy server',
    async set(stage) {
      const upstream = await stage.use(startUpstream({ perMessageDeflate: true }))
      return behindProxy(stage, upstream.port)
    },
    finds: 'large-message-passed',
    passes: [
      'url-valid',
      'dns-address',
      'tcp-open',
      'upgrade-accepted',
      'accept-right',
      'pong-came',
      'close-echoed',
      'idle-survived',
    ],
    layer: 'large-message',
    side: 'none',
    concludes: [],
  },
  {
    it: 'a 101 with a wrong key',
    set: fault('wrong accept key'),
    finds: 'accept-key-wrong',
    layer: 'accept',
    side: 'backend',
  },
  {
    it: 'a 101 without Upgrade',
    set: async (stage) => behindRelay(stage, (await stage.use(faultUpstream('no Upgrade header'))).port),
    finds: 'accept-header-missing',
    layer: 'accept',
    side: 'backend',
  },
  {
    it: 'a 101 with a strange subprotocol',
    set: fault('subprotocol never offered'),
    finds: 'subprotocol-never-offered',
    layer: 'accept',
    side: 'backend',
  },
  {
    it: 'a 101 with a strange extension',
    set: fault('extension never offered'),
    finds: 'extension-never-offered',
    layer: 'accept',
    side: 'backend',
  },
  {
    it: 'a server that never pongs',
    set: fault('no pong', short),
    finds: 'pong-missing',
    layer: 'ping',
    side: 'backend',
  },
  {
    it: 'Pongs that bring other bytes',
    set: peer((it) => {
      it.answersPings = false
      eachFrame(it, ({ opcode: op }) => op === opcode.ping && it.pong('other'))
    }, short),
    finds: 'pong-wrong',
    layer: 'ping',
    side: 'backend',
  },
  {
    it: 'a server that dies behind the 101',
    set: fault('end without a Close'),
    finds: 'lost-after-upgrade',
    layer: 'ping',
    side: 'backend',
  },
  {
    it: 'a server that closes at once',
    set: closing(4000, 'go away'),
    finds: 'closed-at-once',
    layer: 'ping',
    side: 'backend',
  },
  {
    it: 'Holdfast in front of nothing',
    async set(stage) {
      const gateway = await stage.use(startGateway({ upstreams: [nowhere] }))
      return between(gateway.url, nowhere)
    },
    finds: 'closed-bad-gateway',
    layer: 'ping',
    side: 'backend',
    concludes: ['fault-in-backend'],
  },
  {
    it: 'Holdfast with a wrong upstream port',
    async set(stage) {
      const upstream = await stage.use(startUpstream())
      const gateway = await stage.use(startGateway({ upstreams: [nowhere] }))
      return between(gateway.url, upstream.url)
    },
    finds: 'closed-bad-gateway',
    layer: 'ping',
    side: 'proxy',
    concludes: ['fault-in-proxy'],
  },
  {
    it: 'a server that has no time',
    set: closing(1013, 'try again later'),
    finds: 'closed-try-later',
    layer: 'ping',
    side: 'backend',
  },
  {
    it: 'a server that does not want this client',
    set: closing(1008, 'no token'),
    finds: 'closed-refused',
    layer: 'ping',
    side: 'backend',
  },
  {
    it: 'a GraphQL server that wants a subprotocol',
    set: graphql(),
    finds: 'subprotocol-wanted',
    layer: 'ping',
    side: 'backend',
  },
  {
    it: 'masked frames from a server',
    set: fault('masked frame'),
    finds: 'frames-broken',
    layer: 'ping',
    side: 'backend',
  },
  {
    it: 'a server that drops close codes',
    set: answersClose((it) => it.close()),
    finds: 'close-code-dropped',
    layer: 'close',
    side: 'backend',
  },
  {
    it: 'a server that has one code for all',
    set: answersClose((it) => it.close(1000)),
    finds: 'close-code-changed',
    layer: 'close',
    side: 'none',
  },
  {
    it: 'a server that hangs up at a Close',
    set: answersClose((it) => it.end()),
    finds: 'close-cut',
    layer: 'close',
    side: 'backend',
  },
  {
    it: 'a server that does not answer a Close',
    set: fault('no answer to a Close', short),
    finds: 'close-unanswered',
    layer: 'close',
    side: 'backend',
  },
  {
    it: 'a limit of two connections',
    async set(stage) {
      let handshakes = 0
      const http = createServer()
      new WebSocketServer({ server: http, verifyClient: () => ++handshakes <= 2 })
      const { port } = await stage.use(listenable(http))
      return { url: `ws://127.0.0.1:${port}` }
    },
    finds: 'second-connection',
    layer: 'idle',
  },
  {
    it: 'a GraphQL server that waits for a first message',
    set: graphql({ protocols: ['graphql-transport-ws'], idle: 1_000 }),
    finds: 'idle-closed',
    passes: ['large-message-disliked'],
    layer: 'idle',
    side: 'none',
  },
  {
    it: 'a connection that dies in silence',
    set: peer((it) => {
      it.answersPings = false
      eachFrame(it, ({ opcode: op, payload }) => {
        if (op === opcode.ping && String(payload) !== 'still there?') it.pong(payload)
      })
    }, short),
    finds: 'idle-dead',
    layer: 'idle',
    side: 'backend',
  },
  {
    it: 'a 1009 at 64 KiB',
    async set(stage) {
      const upstream = await stage.use(startUpstream({ maxPayload: 64 * 1024 }))
      return behindProxy(stage, upstream.port)
    },
    finds: 'message-too-big',
    layer: 'large-message',
    side: 'backend',
  },
  {
    it: 'a server that fails at large messages',
    set: atLarge((it) => it.close(1011)),
    finds: 'large-message-closed',
    layer: 'large-message',
    side: 'backend',
  },
  {
    it: 'a server that dies of large messages',
    set: atLarge((it) => it.reset()),
    finds: 'large-message-cut',
    layer: 'large-message',
    side: 'backend',
  },
  {
    it: 'a server that never has done with large messages',
    set: atLarge((it) => {
      it.answersPings = false
    }, short),
    finds: 'large-message-stuck',
    layer: 'large-message',
    side: 'backend',
  },
]
