import http from 'node:http'
import { buildSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'
import { restartable, say } from './common.mjs'

const schema = buildSchema('type Query { hello: String } type Subscription { ticks: Int }')
const roots = {
  query: { hello: () => 'hello' },
  subscription: {
    async *ticks() {
      yield { ticks: 0 }
      await new Promise(() => {})
    },
  },
}
const server = http.createServer((_, response) => response.end('hello'))
const wss = new WebSocketServer({ server })
useServer({ schema, roots }, wss)
// Not a message of its protocol: a client of graphql-ws would be told the same in its own words.
restartable(wss)
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }))
