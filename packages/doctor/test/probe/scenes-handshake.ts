// Answers to the handshake, by servers with a relay in front.
import { createServer } from 'node:http'
import type net from 'node:net'
import { type HttpHead, rawUpstream, startUpstream, tcpServer } from '@holdfast/testing'
import { WebSocketServer } from 'ws'
import type { CheckOptions } from '../../src/check.ts'
import { listenable } from './listenable.ts'
import { behindProxy, behindRelay, type Scene, type Stage } from './scene.ts'
import { certificate } from './tls.ts'

type Say = (request: HttpHead) => { status: number; headers?: string[]; body?: string } | undefined

/** A server that answers requests like this, and takes the handshakes for which it gets no answer. */
function server(say: Say, options: CheckOptions = {}) {
  return async (stage: Stage) => {
    const onRequest = (request: HttpHead, socket: net.Socket) => {
      const answer = say(request)
      if (answer) respond(socket, answer)
      return answer !== undefined
    }
    const upstream = await stage.use(rawUpstream({ onRequest, protocol: 'first' }))
    return behindRelay(stage, upstream.port, options)
  }
}

function respond(
  socket: net.Socket,
  { status, headers = [], body = '' }: NonNullable<ReturnType<Say>>,
): void {
  const lines = [`HTTP/1.1 ${status} Words`, 'Server: scene', `Content-Length: ${Buffer.byteLength(body)}`]
  socket.write([...lines, ...headers, '', body].join('\r\n'))
}

const always =
  (status: number, ...headers: string[]): Say =>
  () => ({ status, headers })

const wants =
  (status: number, name: string, right: (value: string) => boolean, body = ''): Say =>
  ({ headers }) => {
    if (!('upgrade' in headers)) return { status: 426, body: 'upgrade required' }
    return right(headers[name] ?? '') ? undefined : { status, body }
  }

/** A server that does something else than HTTP with the request, and a relay in front. */
function bytes(act: (socket: net.Socket) => void) {
  return async (stage: Stage) => {
    const upstream = await stage.use(tcpServer((socket) => socket.on('data', () => act(socket))))
    return behindRelay(stage, upstream.port)
  }
}

/** Refused with `status`, whatever is sent. */
const refused = (it: string, status: number, finds: Scene['finds'], ...headers: string[]): Scene => ({
  it: `${it} (${status})`,
  set: server(always(status, ...headers)),
  finds,
  layer: 'upgrade',
  side: 'backend',
})

export const handshakeScenes: Scene[] = [
  {
    it: 'a wrong port with an HTTP server',
    async set(stage) {
      const app = createServer((_, response) => response.end('<h1>Welcome</h1>'))
      const { port } = await stage.use(listenable(app))
      return behindProxy(stage, port)
    },
    finds: 'upgrade-ignored',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'http where https is needed',
    async set(stage) {
      const upstream = await stage.use(startUpstream({ tls: certificate('right') }))
      return { url: `ws://127.0.0.1:${upstream.port}/ws`, options: { upstream: upstream.url } }
    },
    finds: 'tls-needed',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a redirect to https',
    set: server(({ headers }) => ({ status: 301, headers: [`Location: https://${headers.host}/ws`] })),
    finds: 'redirect-to-https',
    layer: 'upgrade',
    side: 'backend',
  },
  refused('a redirect to a login page', 302, 'redirect', 'Location: /login'),
  refused('a server that wants HTTP/1.1', 505, 'upgrade-as-http10'),
  refused('a server that wants credentials', 401, 'unauthorized'),
  refused('a server that lets nobody in', 403, 'forbidden'),
  refused('a path that is not found', 404, 'path-not-found'),
  refused('a server that gives no reason', 426, 'upgrade-lost'),
  refused('an old version', 426, 'version-refused', 'Sec-WebSocket-Version: 8, 7'),
  refused('a limit', 429, 'too-many-requests', 'Retry-After: 7'),
  refused('a server that fails', 500, 'server-error'),
  refused('a bad gateway', 502, 'backend-unreachable'),
  refused('an origin behind Cloudflare that is down', 521, 'backend-unreachable'),
  refused('a gateway without servers', 503, 'backend-unavailable', 'Retry-After: 7'),
  refused('a gateway that waited in vain', 504, 'backend-timeout'),
  {
    it: 'a server that refuses a handshake as such',
    set: server(wants(400, 'x-room', (room) => room === 'blue', 'no such room')),
    finds: 'upgrade-refused',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a connection that is cut',
    set: bytes((socket) => socket.destroy()),
    finds: 'upgrade-cut',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a server that is not HTTP',
    set: bytes((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')),
    finds: 'upgrade-not-http',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a server that wants an Origin',
    set: server(wants(403, 'origin', (origin) => origin !== '')),
    finds: 'origin-missing',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a server that checks Origin',
    async set(stage) {
      const verifyClient = ({ origin }: { origin: string }) => !origin || origin === 'https://right.example'
      const http = createServer()
      new WebSocketServer({ server: http, verifyClient })
      const { port } = await stage.use(listenable(http))
      return behindProxy(stage, port, { headers: [['Origin', 'https://wrong.example']] })
    },
    finds: 'origin-refused',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a server that wants a subprotocol and says so',
    set: server(wants(400, 'sec-websocket-protocol', (it) => it === 'chat.v2', 'missing subprotocol')),
    finds: 'subprotocol-wanted',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a server that wants a well-known subprotocol and does not say so',
    set: server(wants(400, 'sec-websocket-protocol', (it) => it.startsWith('graphql-transport-ws'))),
    finds: 'subprotocol-wanted',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a server that refuses a subprotocol',
    set: server(
      wants(400, 'sec-websocket-protocol', (it) => it === ''),
      { protocols: ['chat.v1'] },
    ),
    finds: 'subprotocol-refused',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a cookie of its user that is too large for a server',
    set: server(
      wants(400, 'cookie', (it) => it.length < 5_000),
      { headers: [['Cookie', 'a'.repeat(6_000)]] },
    ),
    finds: 'headers-too-large',
    layer: 'upgrade',
    side: 'backend',
  },
  {
    it: 'a server that wants the subprotocol of a client and chooses none',
    async set(stage) {
      const upstream = await stage.use(startUpstream({ protocols: ['chat.v2'] }))
      return behindProxy(stage, upstream.port, { protocols: ['chat.v1'] })
    },
    finds: 'subprotocol-not-chosen',
    layer: 'accept',
    side: 'backend',
  },
]
