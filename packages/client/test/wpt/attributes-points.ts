// What web-platform-tests ask of constants and attributes. Runs in every runtime.
import { ReconnectingWebSocket } from '../../src/index.ts'
import { equal, event, throws } from './assert.ts'
import { closed, pointList, wrong } from './point.ts'

const { points, point } = pointList()
export const attributesPoints = points

point(
  'interfaces/WebSocket/constants/001, 004',
  'has its constants on class, prototype and instance',
  (make) => {
    const socket = make()
    for (const [value, name] of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'].entries())
      for (const owner of [ReconnectingWebSocket, ReconnectingWebSocket.prototype, socket])
        equal((owner as unknown as Record<string, unknown>)[name], value)
    socket.close()
  },
)
point('interfaces/WebSocket/constants/002, 003, 005, 006', 'has constants that nothing changes', () => {
  for (const owner of [ReconnectingWebSocket, ReconnectingWebSocket.prototype]) {
    const fixed = owner as unknown as Record<string, unknown>
    throws('TypeError', () => {
      fixed.OPEN = 5
    })
    throws('TypeError', () => delete fixed.OPEN)
    equal(fixed.OPEN, 1)
    const descriptor = Object.getOwnPropertyDescriptor(owner, 'OPEN')
    equal(JSON.stringify(descriptor), '{"value":1,"writable":false,"enumerable":true,"configurable":false}')
  }
})
point(
  'interfaces/WebSocket/readyState/001-008',
  'is CONNECTING, OPEN, CLOSING, CLOSED in turn',
  async (make) => {
    const socket = make()
    equal(socket.readyState, 0)
    throws('TypeError', () => {
      wrong<{ readyState: number }>(socket).readyState = 5
    })
    await event(socket, 'open')
    equal(socket.readyState, 1)
    socket.close()
    equal(socket.readyState, 2)
    await event(socket, 'close')
    equal(socket.readyState, 3)
  },
)
point('binaryType-wrong-value.any.js', 'is "blob" and ignores a type that there is not', async (make) => {
  const socket = make()
  equal(socket.binaryType, 'blob')
  for (const value of ['notBlobOrArrayBuffer', 'nodebuffer', '', null]) {
    socket.binaryType = wrong(value)
    equal(socket.binaryType, 'blob')
  }
  socket.binaryType = 'arraybuffer'
  equal(socket.binaryType, 'arraybuffer')
  socket.close()
})
point(
  'interfaces/WebSocket/bufferedAmount/*',
  'has a bufferedAmount of 0 at first, which cannot be set',
  (make) => {
    const socket = make()
    equal(socket.bufferedAmount, 0)
    throws('TypeError', () => {
      wrong<{ bufferedAmount: number }>(socket).bufferedAmount = 5
    })
    socket.close()
  },
)
point(
  'interfaces/WebSocket/bufferedAmount/bufferedAmount-unicode',
  'counts bytes, not characters',
  async (make) => {
    const socket = make()
    socket.close()
    socket.send('È€𝄞\ud800')
    equal(socket.bufferedAmount, 2 + 3 + 4 + 3)
    await closed(socket)
    equal(socket.bufferedAmount, 12)
  },
)
point('interfaces/WebSocket/bufferedAmount/-arraybuffer, -blob', 'counts the bytes of binary', (make) => {
  const socket = make()
  socket.close()
  socket.send(new ArrayBuffer(10))
  socket.send(new DataView(new ArrayBuffer(10), 4))
  socket.send(new Blob(['abc']))
  equal(socket.bufferedAmount, 19)
})
