import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { expect, it } from 'vitest'
import { WebSocket as Ws } from 'ws'
import * as sync from 'y-protocols/sync'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { transport } from '../../src/transport.ts'
import { backend, values } from './restarts.ts'

const messageSync = 0

const message = (write: (encoder: encoding.Encoder) => void) => {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, messageSync)
  write(encoder)
  return encoding.toUint8Array(encoder)
}

/** A server with one document in memory, which a restart forgets. */
const start = (port?: number) => {
  const doc = new Y.Doc()
  return backend({
    port,
    serve: (server) =>
      server.on('connection', (socket) => {
        const tell = (update: Uint8Array, origin: unknown) => {
          if (origin !== socket) socket.send(message((encoder) => sync.writeUpdate(encoder, update)))
        }
        doc.on('update', tell)
        socket.on('close', () => doc.off('update', tell))
        socket.on('message', (data: Buffer) => {
          const decoder = decoding.createDecoder(new Uint8Array(data))
          if (decoding.readVarUint(decoder) !== messageSync) return
          const encoder = encoding.createEncoder()
          encoding.writeVarUint(encoder, messageSync)
          sync.readSyncMessage(decoder, encoder, doc, socket)
          if (encoding.length(encoder) > 1) socket.send(encoding.toUint8Array(encoder))
        })
        socket.send(message((encoder) => sync.writeSyncStep1(encoder, doc)))
      }),
  })
}

/** As in the README. */
function provide(port: number, doc: Y.Doc) {
  const { WebSocket, retryIn } = transport({ WebSocket: Ws })
  const provider = new WebsocketProvider(`ws://127.0.0.1:${port}`, 'room', doc, {
    WebSocketPolyfill: WebSocket,
    shouldReconnect: () => false,
    disableBc: true,
  })
  provider.on('closed', () => {
    const delay = retryIn()
    if (delay !== null) setTimeout(() => provider.connect(), delay)
  })
  return provider
}

it('y-websocket brings two documents together again after a restart, when the server says', async () => {
  const first = await start()
  const [one, two] = [new Y.Doc(), new Y.Doc()]
  const providers = [provide(first.port, one), provide(first.port, two)]
  const seen: string[] = []
  two.getText('t').observe((event) => seen.push(event.target.toString()))
  one.getText('t').insert(0, 'before')
  expect(await values(seen, 1)).toEqual(['before'])

  const codes: unknown[] = []
  for (const provider of providers) provider.on('connection-close', (event) => codes.push(event?.code))
  await first.leave(1012, 'service restart; retry=300')
  const left = performance.now()
  one.getText('t').insert(6, ', after')
  await using second = await start(first.port)
  expect(await values(seen, 2)).toEqual(['before', 'before, after'])
  expect(performance.now() - left).toBeGreaterThan(250)
  expect(codes).toEqual([1012, 1012])
  expect(second.accepted).toBe(2)
  for (const provider of providers) provider.destroy()
  for (const doc of [one, two]) doc.destroy()
})
