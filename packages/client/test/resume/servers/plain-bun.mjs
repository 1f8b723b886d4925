// Bun.serve that knows nothing of resume: echoes, selects `chat`, closes with 4001 at `bye`. Prints the port that it listens on.
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch(request, server) {
    const offered = (request.headers.get('sec-websocket-protocol') ?? '').split(/, */)
    const headers = offered.includes('chat') ? { 'Sec-WebSocket-Protocol': 'chat' } : {}
    return server.upgrade(request, { headers }) ? undefined : new Response('WebSocket only', { status: 426 })
  },
  websocket: {
    open(socket) {
      socket.send('hello')
    },
    message(socket, message) {
      if (message === 'bye') socket.close(4001, 'as asked')
      else socket.send(message)
    },
  },
})
console.log(server.port)
