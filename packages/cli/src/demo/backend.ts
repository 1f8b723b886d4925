// A backend of the demo, in a process of its own so that it can be killed and stopped: an echo server.
import { once } from 'node:events'
import { code } from '@holdfast/close-codes'
import { gracefulRestart, type RestartOptions } from '@holdfast/restart'
import { WebSocketServer } from 'ws'

const [port, restart] = process.argv.slice(2)

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(port) })
server.on('connection', (socket) => {
  socket.on('error', () => {})
  socket.on('message', (data, binary) => socket.send(data, { binary }))
})
server.on('error', (error: NodeJS.ErrnoException) => {
  const taken = error.code === 'EADDRINUSE'
  process.stderr.write(taken ? `port ${port} is taken\n` : `${error.message}\n`)
  process.exit(1)
})
server.on('listening', () => process.send?.('listening'))
process.on('disconnect', () => process.exit())

if (restart) gracefulRestart(server, { ...(JSON.parse(restart) as RestartOptions), exit: true })
else process.once('SIGTERM', leave)

/** As Uvicorn and Phoenix do: everyone at once, and no reason. */
async function leave(): Promise<void> {
  const closed = [...server.clients].map((socket) => once(socket, 'close'))
  for (const socket of server.clients) socket.close(code.serviceRestart)
  server.close()
  await Promise.all(closed)
  process.exit()
}
