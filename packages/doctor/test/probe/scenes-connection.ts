// What goes wrong before the first request.
import tls from 'node:tls'
import { fullBacklog, startUpstream, tcpServer } from '@holdfast/testing'
import { behindRelay, between, nowhere, type Scene, type Stage } from './scene.ts'
import { certificate, root } from './tls.ts'

const alert = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x28])

/** A TLS front with this certificate, and a backend that works. */
function front(name: string, chain: string[] = [], options: object = {}) {
  return async (stage: Stage) => {
    const server = await stage.use(startUpstream({ tls: certificate(name, chain) }))
    const backend = await stage.use(startUpstream())
    const url = `wss://localhost:${server.port}/ws`
    return {
      url,
      options: { upstream: backend.url, lookup: async () => ['127.0.0.1'], ca: root, ...options },
    }
  }
}

/** A port that answers every connection like this, and a backend that works. */
function port(act: Parameters<typeof tcpServer>[0], scheme = 'wss') {
  return async (stage: Stage) => {
    const server = await stage.use(tcpServer(act))
    const backend = await stage.use(startUpstream())
    const url = `${scheme}://127.0.0.1:${server.port}/ws`
    return { url, options: { upstream: backend.url, timeout: 3_000 } }
  }
}

const wrongUrl = (url: string) => async () => ({ url })

const byName =
  (lookup: (host: string) => Promise<string[]>, host = 'app.example') =>
  async (stage: Stage) => {
    const backend = await stage.use(startUpstream())
    const options = { upstream: backend.url, lookup, timeout: 3_000 }
    return { url: `ws://${host}:${backend.port}/ws`, options }
  }

const notFound = Object.assign(new Error('not found'), { code: 'ENOTFOUND' })

export const connectionScenes: Scene[] = [
  { it: 'a URL without a host', set: wrongUrl('ws://:8080'), finds: 'url-invalid', layer: 'url' },
  { it: 'a URL of another scheme', set: wrongUrl('ftp://127.0.0.1'), finds: 'url-scheme', layer: 'url' },
  { it: 'a URL with a fragment', set: wrongUrl('ws://127.0.0.1/ws#a'), finds: 'url-fragment', layer: 'url' },
  {
    it: 'a name that does not exist',
    set: byName(() => Promise.reject(notFound)),
    finds: 'dns-not-found',
    layer: 'dns',
    side: 'proxy',
  },
  {
    it: 'name servers that are silent',
    set: byName(() => new Promise(() => {})),
    finds: 'dns-no-answer',
    layer: 'dns',
    side: 'proxy',
  },
  {
    it: 'a name whose first address is dead',
    set: byName(async () => ['127.0.0.9', '127.0.0.1']),
    finds: 'tcp-partly',
    layer: 'tcp',
    side: 'none',
  },
  {
    it: 'a name that is found',
    set: byName(async () => ['127.0.0.1']),
    finds: 'dns-found',
    layer: 'dns',
    side: 'none',
  },
  {
    it: 'nothing listening',
    async set(stage) {
      const backend = await stage.use(startUpstream())
      return between(nowhere, backend.url)
    },
    finds: 'tcp-refused',
    layer: 'tcp',
    side: 'proxy',
    concludes: ['fault-in-proxy'],
  },
  {
    it: 'nothing listening, neither in front nor behind',
    set: async () => between(nowhere, nowhere),
    finds: 'tcp-refused',
    layer: 'tcp',
    side: 'both',
    concludes: ['fault-in-both'],
  },
  {
    it: 'an upstream that is not the one of the proxy',
    async set(stage) {
      const backend = await stage.use(startUpstream())
      return between(backend.url, nowhere)
    },
    finds: 'tcp-open',
    layer: 'tcp',
    side: 'backend',
    concludes: ['upstream-elsewhere'],
  },
  {
    it: 'an address without a route',
    async set(stage) {
      const backend = await stage.use(startUpstream())
      return { url: 'ws://255.255.255.255:9/ws', options: { upstream: backend.url } }
    },
    finds: 'tcp-unreachable',
    layer: 'tcp',
    side: 'proxy',
  },
  {
    it: 'a TCP handshake that never ends',
    async set(stage) {
      const server = await stage.use(fullBacklog())
      const backend = await stage.use(startUpstream())
      return between(server.url, backend.url, { timeout: 3_000 })
    },
    finds: 'tcp-no-answer',
    layer: 'tcp',
    side: 'proxy',
  },
  {
    it: 'a server that listens and is silent',
    set: port(() => {}, 'ws'),
    finds: 'upgrade-no-answer',
    layer: 'upgrade',
    side: 'proxy',
  },
  {
    it: 'a TLS server that takes one handshake and is silent after it',
    async set(stage) {
      let connections = 0
      const server = await stage.use(
        tcpServer((socket) => {
          // The first is only opened, the second shows its certificate.
          if (++connections > 2) return
          new tls.TLSSocket(socket, { isServer: true, ...certificate('right') }).on('error', () => {})
        }),
      )
      const backend = await stage.use(startUpstream())
      const options = { upstream: backend.url, lookup: async () => ['127.0.0.1'], ca: root, timeout: 3_000 }
      return { url: `wss://localhost:${server.port}/ws`, options }
    },
    finds: 'upgrade-no-answer',
    layer: 'upgrade',
    side: 'proxy',
  },
  {
    it: 'a backend that listens and is silent',
    async set(stage) {
      const server = await stage.use(tcpServer(() => {}))
      return behindRelay(stage, server.port, { timeout: 3_000 })
    },
    finds: 'upgrade-no-answer',
    layer: 'upgrade',
    side: 'backend',
    concludes: ['fault-in-backend'],
  },
  { it: 'a certificate that is right', set: front('right'), finds: 'tls-right', layer: 'tls', side: 'none' },
  {
    it: 'a certificate that ends soon',
    set: front('right', [], { now: () => Date.parse('2119-12-25') }),
    finds: 'tls-expires-soon',
    layer: 'tls',
    side: 'none',
  },
  { it: 'an expired certificate', set: front('expired'), finds: 'tls-expired', layer: 'tls', side: 'proxy' },
  {
    it: 'a certificate of the future',
    set: front('early'),
    finds: 'tls-not-yet-valid',
    layer: 'tls',
    side: 'proxy',
  },
  {
    it: 'a certificate for another name',
    set: front('other-name'),
    finds: 'tls-wrong-name',
    layer: 'tls',
    side: 'proxy',
  },
  {
    it: 'a self-signed certificate',
    set: front('self-signed'),
    finds: 'tls-self-signed',
    layer: 'tls',
    side: 'proxy',
  },
  {
    it: 'a certificate without its chain',
    set: front('under-intermediate'),
    finds: 'tls-incomplete-chain',
    layer: 'tls',
    side: 'proxy',
  },
  {
    it: 'a certificate of an unknown authority',
    set: front('right', ['root'], { ca: undefined }),
    finds: 'tls-untrusted',
    layer: 'tls',
    side: 'proxy',
  },
  {
    it: 'https where http is',
    async set(stage) {
      const backend = await stage.use(startUpstream())
      const url = `wss://127.0.0.1:${backend.port}/ws`
      return { url, options: { upstream: backend.url } }
    },
    finds: 'tls-not-spoken',
    layer: 'tls',
    side: 'proxy',
  },
  {
    it: 'a TLS port that is silent',
    set: port(() => {}),
    finds: 'tls-no-answer',
    layer: 'tls',
    side: 'proxy',
  },
  {
    it: 'a TLS port that hangs up',
    set: port((socket) => socket.on('data', () => socket.destroy())),
    finds: 'tls-cut',
    layer: 'tls',
    side: 'proxy',
  },
  {
    it: 'a TLS port that sends an alert',
    set: port((socket) => socket.on('data', () => socket.end(alert))),
    finds: 'tls-failed',
    layer: 'tls',
    side: 'proxy',
  },
  {
    it: 'TLS for HTTP/2 only',
    async set(stage) {
      const open = { ...certificate('right'), ALPNProtocols: ['h2'] }
      const server = await stage.use(
        tcpServer((socket) => {
          const secure = new tls.TLSSocket(socket, { isServer: true, ...open })
          secure.on('error', () => {})
        }),
      )
      const backend = await stage.use(startUpstream())
      return { url: `wss://127.0.0.1:${server.port}/ws`, options: { upstream: backend.url, ca: root } }
    },
    finds: 'tls-no-http1',
    layer: 'tls',
    side: 'proxy',
  },
]
