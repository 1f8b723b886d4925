import proxy from '@fastify/http-proxy'
import Fastify from 'fastify'
import { serve } from './node-server.mjs'

const { target, ports, tls } = serve.options()
for (const [i, port] of ports.entries()) {
  const app = Fastify({ logger: false, ...(i === 1 && { https: tls }) })
  await app.register(proxy, {
    upstream: target,
    websocket: true,
    wsServerOptions: { perMessageDeflate: false },
  })
  await app.listen({ port, host: '127.0.0.1', backlog: 4096 })
}
