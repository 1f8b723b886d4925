import { conformance, type Subject } from './conformance.ts'

const subjects: Subject[] = [
  { name: 'ws', script: 'ws.mjs' },
  { name: 'node:http + ws (noServer)', script: 'node-http-ws.mjs' },
  { name: 'Fastify + @fastify/websocket', script: 'fastify.mjs' },
  { name: 'Hono + @hono/node-ws', script: 'hono.mjs' },
  { name: 'Express + ws', script: 'express.mjs' },
  {
    name: 'graphql-ws over ws',
    script: 'graphql-ws.mjs',
    protocols: ['graphql-transport-ws'],
    hello: '{"type":"connection_init"}',
    owed: { message: '{"type":"ping"}', answer: '{"type":"pong"}' },
  },
  { name: 'crossws', script: 'crossws.mjs' },
  { name: 'node:http alone, its library unknown', script: 'node-http.mjs' },
]

for (const subject of subjects) conformance(subject)
