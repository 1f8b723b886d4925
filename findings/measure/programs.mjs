// The servers that stops.mjs starts. STOP stands for what the SIGTERM handler does; without one there is no handler.

const node = (imports, start) => `${imports}
const port = Number(process.argv[2])
${start}
const stop = async () => { STOP }
if (\`STOP\` !== '') process.on('SIGTERM', stop)
`

const none = ''
const ws = 'ws@8.23.0'
const wsServer = node(
  "import { WebSocketServer } from 'ws'\nimport http from 'node:http'",
  "const server = http.createServer(); const wss = new WebSocketServer({ server }); server.listen(port, '127.0.0.1')",
)

export const servers = [
  {
    server: 'ws',
    npm: [ws],
    program: wsServer,
    stops: {
      'SIGTERM (no handler)': none,
      'wss.close()': 'wss.close()',
      'server.close() + wss.close()': 'server.close(); wss.close()',
      'each client.close(1001) + wss.close()':
        "for (const c of wss.clients) c.close(1001, 'bye'); wss.close(); server.close()",
      'each client.terminate() + wss.close()':
        'for (const c of wss.clients) c.terminate(); wss.close(); server.close()',
      'each client.close(1012), exit in wss.close callback':
        "for (const c of wss.clients) c.close(1012, 'restart'); wss.close(() => process.exit(0))",
      'server.close() + server.closeAllConnections()': 'server.close(); server.closeAllConnections()',
    },
  },
  {
    server: 'socket.io',
    npm: ['socket.io@4.8.4'],
    path: '/socket.io/?EIO=4&transport=websocket',
    program: node("import { Server } from 'socket.io'", 'const io = new Server(port)'),
    stops: {
      'SIGTERM (no handler)': none,
      'io.close()': 'io.close()',
      'http server.close() only': 'io.httpServer.close()',
    },
  },
  {
    server: 'engine.io',
    npm: ['engine.io@6.6.13'],
    path: '/engine.io/?EIO=4&transport=websocket',
    program: node(
      "import { attach } from 'engine.io'\nimport http from 'node:http'",
      'const server = http.createServer().listen(port); const engine = attach(server)',
    ),
    stops: {
      'SIGTERM (no handler)': none,
      'engine.close() + http server.close()': 'engine.close(); server.close()',
    },
  },
  {
    server: 'express-ws',
    npm: ['express@4.22.3', 'express-ws@5.0.2'],
    program: node(
      "import express from 'express'\nimport expressWs from 'express-ws'",
      "const it = expressWs(express()); it.app.ws('/', () => {}); const server = it.app.listen(port)",
    ),
    stops: {
      'SIGTERM (no handler)': none,
      'server.close() + getWss().close() (bundles ws 7)': 'server.close(); it.getWss().close()',
      'http server.close()': 'server.close()',
    },
  },
  {
    server: 'koa-websocket',
    npm: ['koa@3.3.0', 'koa-websocket@7.0.0'],
    program: node(
      "import Koa from 'koa'\nimport websockify from 'koa-websocket'",
      'const app = websockify(new Koa()); app.ws.use(() => {}); const server = app.listen(port)',
    ),
    stops: { 'SIGTERM (no handler)': none, 'http server.close()': 'server.close()' },
  },
  {
    server: 'faye-websocket',
    npm: ['faye-websocket@0.11.4'],
    program: node(
      "import WebSocket from 'faye-websocket'\nimport http from 'node:http'",
      "const all = new Set(); const server = http.createServer().on('upgrade', (q, s, h) => all.add(new WebSocket(q, s, h))).listen(port)",
    ),
    stops: {
      'SIGTERM (no handler)': none,
      'server.close() + each ws.close()': 'server.close(); for (const one of all) one.close()',
    },
  },
  {
    server: 'websocket-node',
    npm: ['websocket@1.0.35'],
    program: node(
      "import websocket from 'websocket'\nimport http from 'node:http'",
      'const httpServer = http.createServer().listen(port); const wsServer = new websocket.server({ httpServer, autoAcceptConnections: true })',
    ),
    stops: {
      'SIGTERM (no handler)': none,
      'wsServer.shutDown() + http close': 'wsServer.shutDown(); httpServer.close()',
    },
  },
  {
    server: 'fastify-websocket',
    npm: ['fastify@5.12.8', '@fastify/websocket@11.3.7'],
    program: node(
      "import Fastify from 'fastify'\nimport websocket from '@fastify/websocket'",
      "const app = Fastify(); await app.register(websocket); app.get('/', { websocket: true }, () => {}); await app.listen({ port })",
    ),
    stops: { 'SIGTERM (no handler)': none, 'app.close()': 'await app.close()' },
  },
  {
    server: 'graphql-ws',
    protocol: 'graphql-transport-ws',
    npm: ['graphql-ws@6.4.2', 'graphql@16.15.0', ws],
    program: node(
      "import { useServer } from 'graphql-ws/use/ws'\nimport { buildSchema } from 'graphql'\nimport { WebSocketServer } from 'ws'",
      "const wss = new WebSocketServer({ port, handleProtocols: () => 'graphql-transport-ws' }); const it = useServer({ schema: buildSchema('type Query { a: Int }'), connectionInitWaitTimeout: 60000 }, wss)",
    ),
    stops: { 'SIGTERM (no handler)': none, 'useServer().dispose()': 'await it.dispose(); wss.close()' },
  },
  {
    server: 'primus',
    npm: ['primus@8.0.9', ws],
    path: '/primus?_primuscb=1',
    program: node(
      "import Primus from 'primus'\nimport http from 'node:http'",
      "const server = http.createServer(); const primus = new Primus(server, { transformer: 'websockets' }); server.listen(port)",
    ),
    stops: { 'SIGTERM (no handler)': none, 'primus.destroy()': 'primus.destroy()' },
  },
  {
    server: 'bun-serve',
    npm: ['bun@1.4.5', '@oven/bun-linux-x64@1.4.5'],
    command: ({ folder, file, port }) => [
      `${folder}/node_modules/@oven/bun-linux-x64/bin/bun`,
      file,
      String(port),
    ],
    program: node(
      '',
      'const server = Bun.serve({ port, fetch: (request, server) => { server.upgrade(request) }, websocket: { message() {} } })',
    ),
    stops: {
      'SIGTERM (no handler)': none,
      'server.stop(true)': 'server.stop(true)',
      'server.stop()': 'server.stop()',
    },
  },
  {
    server: 'deno-serve',
    npm: ['deno@2.9.6', '@deno/linux-x64-glibc@2.9.6'],
    command: ({ folder, file, port, stop }) => [
      `${folder}/node_modules/@deno/linux-x64-glibc/deno`,
      'run',
      '-A',
      file,
      String(port),
      stop,
    ],
    program: `const server = Deno.serve({ port: Number(Deno.args[0]), onListen() {} }, (request) => Deno.upgradeWebSocket(request).response)
if (\`STOP\` !== '') Deno.addSignalListener('SIGTERM', async () => { STOP })`,
    stops: { 'SIGTERM (no handler)': none, 'server.shutdown()': 'await server.shutdown()' },
  },
  ...['websockets', 'wsproto'].map((library) => ({
    server: `uvicorn-${library}`,
    debian: [
      ['python3-uvicorn', '0.17.6-1'],
      library === 'wsproto' ? ['python3-wsproto', '1.2.0-1'] : ['python3-websockets', '10.4-1'],
    ],
    language: 'python',
    command: ({ port }) => [
      '/usr/bin/python3',
      '-m',
      'uvicorn',
      '--port',
      String(port),
      '--ws',
      library,
      'server:app',
    ],
    program: asgi(),
    stops: { SIGTERM: none },
  })),
  {
    server: 'hypercorn',
    debian: [['python3-hypercorn', '0.13.2-3']],
    language: 'python',
    command: ({ port }) => [
      '/usr/bin/python3',
      '-m',
      'hypercorn',
      '--bind',
      `127.0.0.1:${port}`,
      'server:app',
    ],
    program: asgi(),
    stops: { SIGTERM: none },
  },
  {
    server: 'daphne',
    debian: [['python3-daphne', '4.0.0-1']],
    language: 'python',
    command: ({ port }) => ['/usr/bin/python3', '-m', 'daphne', '-p', String(port), 'server:app'],
    program: asgi(),
    stops: { SIGTERM: none },
  },
  {
    server: 'aiohttp',
    debian: [['python3-aiohttp', '3.8.4-1+deb12u2']],
    language: 'python',
    program: `import sys
from aiohttp import web
async def handler(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws: pass
    return ws
app = web.Application()
app.add_routes([web.get('/', handler)])
web.run_app(app, host='127.0.0.1', port=int(sys.argv[1]), print=None)
`,
    stops: { SIGTERM: none },
  },
  {
    server: 'websockets-serve',
    debian: [['python3-websockets', '10.4-1']],
    language: 'python',
    program: `import asyncio, sys, websockets
async def handler(ws):
    async for message in ws: pass
async def main():
    async with websockets.serve(handler, '127.0.0.1', int(sys.argv[1])): await asyncio.Future()
asyncio.run(main())
`,
    stops: { 'SIGTERM (no handler)': none },
  },
]

function asgi() {
  return `async def app(scope, receive, send):
    if scope['type'] == 'lifespan':
        await receive()
        await send({'type': 'lifespan.startup.complete'})
        await receive()
        await send({'type': 'lifespan.shutdown.complete'})
        return
    await receive()
    await send({'type': 'websocket.accept'})
    while (await receive())['type'] != 'websocket.disconnect': pass
`
}
