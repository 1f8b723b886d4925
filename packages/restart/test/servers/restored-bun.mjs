// Bun.serve that says whether it has restored a client, by the line of docs/deploying.md. Prints the port that it listens on.
import { restoredHeaders } from '@holdfast/restart'

const store = new Set(['known'])
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, server) {
    const upgraded = server.upgrade(request, {
      headers: restoredHeaders(request, (session) => store.has(session)),
    })
    return upgraded ? undefined : new Response('WebSocket only', { status: 426 })
  },
  websocket: { message() {} },
})
console.log(server.port)
