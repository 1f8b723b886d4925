// JSON-RPC with a login: methods and events are protected; the client logs in and subscribes on each `open`.
import { Client, Server } from 'rpc-websockets'

export const about = {
  title: 'rpc-websockets with a login',
  packages: ['rpc-websockets'],
  protocol: 'JSON-RPC 2.0',
  hold: { replay: { first: 2 } },
}

export async function start({ port }) {
  const server = new Server({ port, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  server.setAuth(() => true)
  server.event('said').protected()
  server
    .register('say', ({ text }) => {
      server.emit('said', text)
      return true
    })
    .protected()
  return { stop: () => server.close() }
}

export function client({ host, port, heard, told }) {
  const socket = new Client(`ws://${host}:${port}`, { reconnect: true, max_reconnects: 0 })
  const ready = new Promise((resolve) => {
    socket.on('open', async () => {
      told('open')
      await socket.login({ user: 'anybody' })
      await socket.subscribe('said')
      resolve()
    })
  })
  socket.on('said', heard)
  socket.on('close', (code) => told(`close ${code}`))
  socket.on('error', () => told('error'))
  // A call that is refused or not answered is an error that the caller sees.
  return { ready, say: (text) => socket.call('say', { text }, 5000), leave: () => socket.close() }
}
