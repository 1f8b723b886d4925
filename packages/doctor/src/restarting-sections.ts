import type { Software } from './software/recognise.ts'

/** A section of docs/restarting.md. */
export interface Section {
  heading: string
  /** Rows of the measured table, by their names. */
  servers: readonly string[]
  /** Whose words and lines stand at its head. */
  software?: Software
  /** What else is to be said. */
  note?: string
}

const front =
  'Nothing was found that makes it say 1012; behind Holdfast its clients are told so, or stay connected.'
const onNode = 'The lines are in [restarting-node.md](restarting-node.md).'

/** Every server that was measured, once. */
export const sections: readonly Section[] = [
  {
    heading: 'Uvicorn, FastAPI',
    software: 'software-uvicorn',
    servers: [
      'uvicorn-websockets',
      'uvicorn-wsproto',
      'uvicorn-reload',
      'uvicorn-workers2',
      'fastapi-uvicorn',
      'python-socketio',
    ],
  },
  { heading: 'Hypercorn, Quart', software: 'software-hypercorn', servers: ['hypercorn', 'quart-hypercorn'] },
  { heading: 'Daphne, Django Channels', software: 'software-daphne', servers: ['daphne'] },
  {
    heading: 'Gunicorn',
    software: 'software-gunicorn',
    servers: ['gunicorn-uvicorn', 'gunicorn-geventwebsocket', 'gunicorn-eventlet'],
  },
  { heading: 'aiohttp', software: 'software-aiohttp', servers: ['aiohttp'] },
  { heading: 'Tornado, Jupyter', software: 'software-tornado', servers: ['tornado', 'jupyter-server'] },
  { heading: 'websockets (Python)', software: 'software-websockets', servers: ['websockets-serve'] },
  {
    heading: 'Autobahn, gevent, eventlet, CherryPy, websockify',
    note: front,
    servers: [
      'autobahn-asyncio',
      'autobahn-twisted',
      'gevent-websocket',
      'eventlet',
      'cherrypy-ws4py',
      'websockify',
    ],
  },
  {
    heading: 'Puma, Action Cable',
    software: 'software-puma',
    servers: ['puma-actioncable', 'puma-actioncable-cluster', 'puma-faye', 'puma-faye-cluster'],
  },
  { heading: 'Thin, EventMachine', note: front, servers: ['thin-faye', 'em-websocket'] },
  {
    heading: 'Mojolicious, Twiggy',
    software: 'software-mojolicious',
    servers: ['mojo-daemon', 'mojo-prefork', 'hypnotoad', 'morbo', 'twiggy'],
  },
  { heading: 'Go', software: 'software-go', servers: ['go-gorilla', 'go-nhooyr', 'go-x-net'] },
  { heading: 'Deno', software: 'software-deno', servers: ['deno-serve', 'deno-serve-abort'] },
  {
    heading: 'Bun',
    software: 'software-bun',
    note: 'More is in the [README of @holdfast/restart](../packages/restart/README.md).',
    servers: ['bun-serve', 'bun+ws-package', 'bun-watch', 'bun-hot'],
  },
  {
    heading: 'workerd, miniflare, wrangler',
    software: 'software-workerd',
    servers: ['workerd', 'workerd-watch', 'miniflare', 'wrangler-dev', 'partykit-dev'],
  },
  { heading: 'Tomcat', software: 'software-tomcat', servers: ['tomcat10', 'tomcat10-undeploy'] },
  { heading: 'Jetty', software: 'software-jetty', servers: ['jetty9'] },
  {
    heading: 'C and C++: libwebsockets, websocketpp, Qt, libsoup, CivetWeb',
    note: front,
    servers: [
      'libwebsockets-test-server',
      'websocketpp',
      'qtwebsockets',
      'libsoup3',
      'civetweb',
      'websocketd',
    ],
  },
  {
    heading: 'NATS, Mosquitto, RabbitMQ',
    note: 'NATS is the only server of all that spreads its Closes, in lame duck mode: SIGUSR2, then SIGTERM when it is empty.',
    servers: ['nats-server', 'mosquitto-v3', 'mosquitto-v5', 'rabbitmq-web-mqtt', 'rabbitmq-web-stomp'],
  },
  { heading: 'Prosody, ejabberd, Janus', note: front, servers: ['prosody', 'ejabberd', 'janus'] },
  { heading: 'QEMU, Cockpit', note: front, servers: ['qemu-vnc', 'cockpit-ws'] },
  {
    heading: 'ws, Express, Koa, Hono, crossws on Node',
    software: 'software-node',
    note: onNode,
    servers: [
      'ws',
      'express-ws',
      'koa-websocket',
      'hono-node-ws',
      'hono-node-server2',
      'crossws-node',
      'crossws-serve',
      'nodejs-websocket',
      'websocket-node',
      'faye-websocket',
    ],
  },
  {
    heading: 'Fastify, Mercurius, NestJS, Feathers',
    software: 'software-fastify',
    note: onNode,
    servers: ['fastify-websocket', 'mercurius', 'nest-ws', 'nest-io', 'feathers'],
  },
  {
    heading: 'Socket.IO, Engine.IO, SockJS, Faye, Primus',
    software: 'software-socketio',
    note: onNode,
    servers: ['socket.io', 'engine.io', 'sockjs', 'sockjs-raw', 'faye', 'primus', 'socketcluster'],
  },
  {
    heading: 'Servers made of these: GraphQL, tRPC, Yjs, games, MQTT on Node',
    note: onNode,
    servers: [
      'graphql-ws',
      'trpc',
      'rpc-websockets',
      'hocuspocus',
      'y-websocket-server',
      'y-websocket-2',
      'colyseus',
      'parse-livequery',
      'peerjs-server',
      'aedes',
      'gun',
      'ganache',
      'node-red',
      'playwright-run-server',
    ],
  },
  {
    heading: 'Development servers',
    note: 'They restart whenever a file changes. What they say matters to the page that is reloaded, and to nobody else.',
    servers: [
      'vite-cli',
      'vite-api',
      'webpack-dev-server',
      'next-dev',
      'browser-sync',
      'live-server',
      'livereload',
    ],
  },
  {
    heading: 'What stands in between: npm, shells, pm2, nodemon, watchers',
    note: 'npm passes SIGTERM to its shell only, and a shell to nobody: the server never gets it. Write `"start": "exec node server.mjs"`, or start the server itself. The application in these rows says 1012 on SIGTERM.',
    servers: [
      'npm-start',
      'sh-c-node',
      'pm2-fork',
      'pm2-cluster',
      'pm2-runtime',
      'nodemon',
      'node--watch',
      'tsx-watch',
    ],
  },
]
