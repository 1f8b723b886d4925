// What web-platform-tests ask of send(). Runs in every runtime.
import { equal, event, throws, truthy } from './assert.ts'
import { type Make, pointList, wrong } from './point.ts'

const { points, point } = pointList()
export const sendPoints = points

async function echoes(make: Make, data: unknown, binaryType: 'blob' | 'arraybuffer' = 'arraybuffer') {
  const socket = make()
  socket.binaryType = binaryType
  await event(socket, 'open')
  socket.send(data as string)
  const { data: got } = await event(socket, 'message')
  socket.close()
  return got
}

const bytesOf = (data: unknown) => [...new Uint8Array(data as ArrayBuffer)].join()

point('interfaces/WebSocket/send/001', 'throws TypeError for send()', (make) => {
  const socket = make()
  throws('TypeError', () => wrong<{ send(): void }>(socket).send())
  socket.close()
})
point(
  'Send-before-open.any.js, interfaces/WebSocket/send/003',
  'throws InvalidStateError while CONNECTING without a buffer',
  (make) => {
    const socket = make()
    throws('InvalidStateError', () => socket.send('a'))
    socket.close()
  },
)
point(
  'interfaces/WebSocket/send/004-006, 011, 012',
  'throws nothing while CLOSING or CLOSED',
  async (make) => {
    const socket = make()
    await event(socket, 'open')
    socket.close()
    equal(socket.send('a'), undefined)
    await event(socket, 'close')
    equal(socket.send('\ud800'), undefined)
  },
)
for (const [file, sent, got] of [
  ['Send-data.any.js', 'Message to send', 'Message to send'],
  ['Send-0byte-data.any.js', '', ''],
  ['Send-null.any.js', null, 'null'],
  ['Send-unicode-data.any.js', '¥¥¥¥¥¥', '¥¥¥¥¥¥'],
  ['Send-paired-surrogates.any.js', '\ud801\udc07', '\ud801\udc07'],
  ['Send-Unpaired-surrogates.any.js', '\ud807', '\ufffd'],
  ['interfaces/WebSocket/send/007', 'È'.repeat(10), 'È'.repeat(10)],
  ['interfaces/WebSocket/send/008', undefined, 'undefined'],
  ['WebIDL, USVString', 42, '42'],
  ['WebIDL, USVString', { toString: () => 'an object' }, 'an object'],
  ['WebIDL, USVString', new Map(), '[object Map]'],
] as const)
  point(file, `sends ${String(JSON.stringify(sent))} as text`, async (make) => {
    equal(await echoes(make, sent), got)
  })
point('Send-65K-data.any.js', 'sends 65,000 characters', async (make) => {
  equal(await echoes(make, 'c'.repeat(65_000)), 'c'.repeat(65_000))
})
for (const View of [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
])
  point(
    `Send-binary-arraybufferview-*.any.js`,
    `sends the part of the buffer that a ${View.name} shows`,
    async (make) => {
      const bytes = Uint8Array.from({ length: 32 }, (_, i) => i)
      const view = new View(bytes.buffer, 8, 16 / View.BYTES_PER_ELEMENT)
      equal(bytesOf(await echoes(make, view)), [...bytes.subarray(8, 24)].join())
    },
  )
point('Send-binary-arraybuffer.any.js, -65K-', 'sends an ArrayBuffer and a DataView', async (make) => {
  const { buffer } = Uint8Array.of(1, 2, 3)
  equal(bytesOf(await echoes(make, buffer)), '1,2,3')
  equal(bytesOf(await echoes(make, new DataView(buffer, 1))), '2,3')
  equal(wrong<ArrayBuffer>(await echoes(make, new ArrayBuffer(65_000))).byteLength, 65_000)
})
point('Send-binary-blob.any.js, binary/001, 002', 'sends and receives a Blob', async (make) => {
  const got = wrong<Blob>(await echoes(make, new Blob(['a', 'b']), 'blob'))
  truthy(got instanceof Blob)
  equal(got.size, 2)
  equal(await got.text(), 'ab')
})
point('binary/004, 005', 'gives binary as binaryType says at that time', async (make) => {
  const socket = make()
  await event(socket, 'open')
  socket.binaryType = 'arraybuffer'
  socket.send(Uint8Array.of(1))
  truthy((await event(socket, 'message')).data instanceof ArrayBuffer)
  socket.binaryType = 'blob'
  socket.send(Uint8Array.of(1))
  truthy((await event(socket, 'message')).data instanceof Blob)
  socket.close()
})
