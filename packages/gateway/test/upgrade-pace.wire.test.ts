// A live upgrade of one worker with many connections: all of them move within the default drain.deadline.
import net from 'node:net'
import { acceptKey, frame, type Holdfast, opcode, upgradeRequest } from '@holdfast/testing'
import { expect } from 'vitest'
import { onNode, serve, upgrade } from './upgrading.ts'

/** More with HOLDFAST_UPGRADE_IDLE=9000; each needs two descriptors here and two in the worker. */
const connections = Number(process.env.HOLDFAST_UPGRADE_IDLE ?? 200)
/** In full size the default; else a machine with other things to do may be slow. */
const deadline = process.env.HOLDFAST_UPGRADE_IDLE ? '30s' : '110s'

/** A server that answers every handshake, and sends back what comes then: as little as can be, for thousands of them. */
async function bareUpstream() {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.once('data', (head) => {
      const [, key] = /sec-websocket-key: *(\S+)/i.exec(String(head))!
      const lines = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
      socket.write([...lines, `Sec-WebSocket-Accept: ${acceptKey(key!)}`, '', ''].join('\r\n'))
      socket.on('data', () => socket.write(frame({ opcode: opcode.text, payload: 'here' })))
    })
  })
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve))
  const { port } = server.address() as net.AddressInfo
  return {
    url: `ws://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Resolves at the 101. There are not ports enough on one address for all. */
function bareClient(url: string, index: number): Promise<net.Socket> {
  const { port } = new URL(url)
  const socket = net.connect({
    port: Number(port),
    host: '127.0.0.1',
    localAddress: `127.0.0.${2 + (index % 20)}`,
  })
  socket.write(upgradeRequest(url))
  return new Promise((resolve, reject) => {
    socket.once('error', reject).once('data', (head) => {
      if (String(head).startsWith('HTTP/1.1 101')) resolve(socket)
      else reject(new Error(String(head)))
    })
  })
}

function pauses({ log }: Holdfast): object[] {
  return log.flatMap(({ msg, moved, pauseP99, longestPause }) =>
    msg.startsWith('connections have moved') ? [{ moved, pauseP99, longestPause }] : [],
  )
}

onNode('all connections of one worker move within the deadline, and each of them goes on', async () => {
  await using upstream = await bareUpstream()
  await using holdfast = await serve(upstream.url, { config: { workers: 1, drain: { deadline } } })
  const clients: net.Socket[] = []
  for (let i = 0; i < connections; i += 100) {
    const some = Array.from({ length: Math.min(100, connections - i) }, (_, n) =>
      bareClient(holdfast.url, i + n),
    )
    clients.push(...(await Promise.all(some)))
  }
  const done = await upgrade(holdfast)
  if (process.env.HOLDFAST_UPGRADE_IDLE) console.log(done, pauses(holdfast))
  expect(done).toMatchObject({ total: connections, moved: connections, ended: 0, lost: 0 })
  const answers = clients.map((socket) => new Promise((resolve) => socket.once('data', resolve)))
  for (const socket of clients) socket.write(frame({ opcode: opcode.text, payload: 'there?', mask: true }))
  await Promise.all(answers)
  for (const socket of clients) socket.destroy()
})
