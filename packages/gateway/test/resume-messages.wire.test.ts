// Messages and entries of protocol/vectors.json, said to a real gateway; resume-dialogues.wire.test.ts has the rest.
import { frame, opcode, rawClient, resumeVectors, startGateway, startUpstream } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

const vectors = resumeVectors()
const resume = { for: 60_000, buffer: 262_144, total: 256 * 1024 * 1024, stall: 120_000 }
const named = <T extends { name?: string }>(list: T[]) => list.map((one) => [one.name!, one] as const)

test('a gateway takes no entry for a token that is not well formed, and logs none', async () => {
  await using upstream = await startUpstream({ protocols: ['chat.v2'], echo: false })
  await using gateway = await startGateway({ upstreams: [upstream.url], resume })
  for (const { entry } of vectors.entries) {
    // RFC 6455 4.1: an entry is a token of RFC 9110, whatever else it is.
    const offered = ['chat.v2', 'holdfast.none', 'holdfast.v1', entry]
    await using client = await rawClient(gateway.url, { protocols: offered })
    expect(client.protocol, entry).toBe('holdfast.v1')
    const welcome = JSON.parse((await client.message()).payload.toString().slice(17))
    expect(welcome, entry).toMatchObject({ resumed: false, received: 0, over: { why: 'unknown' } })
    const { request } = await upstream.connection()
    expect(request.headers['sec-websocket-protocol'], entry).toBe('chat.v2')
  }
  expect(JSON.stringify(gateway.log)).not.toContain('holdfast.v1')
})

describe('what a client says is', () => {
  test.each(named(vectors.messages.filter(({ from }) => from !== 'gateway')))(
    '%s',
    async (_, { text, hex, frames, is, body }) => {
      await using upstream = await startUpstream({ protocols: ['chat.v2'], echo: false })
      await using gateway = await startGateway({ upstreams: [upstream.url], resume })
      await using client = await rawClient(gateway.url, {
        protocols: ['chat.v2', 'holdfast.none', 'holdfast.v1'],
      })
      const nonce = (await client.message()).payload.toString().slice(1, 17)
      const say = (said: object) => client.text(`\0${nonce}${JSON.stringify(said)}`)
      say({ type: 'ack', received: 0 })
      const payload =
        hex === undefined
          ? Buffer.from(text!.replace(vectors.nonce, nonce))
          : Buffer.from(Buffer.from(hex, 'hex').toString('latin1').replace(vectors.nonce, nonce), 'latin1')
      client.write(fragments(payload, hex === undefined ? opcode.text : opcode.binary, frames))
      if (is === 1002) {
        expect((await client.closeFrame())?.code).toBe(1002)
        return
      }
      say({ type: 'ping', id: 77 })
      client.text('behind it')
      const said = async () => JSON.parse((await client.message()).payload.toString().slice(17))
      if (body?.type === 'ping') expect(await said()).toEqual({ type: 'pong', id: body.id })
      expect(await said()).toEqual({ type: 'pong', id: 77 })
      expect(await said()).toEqual({ type: 'ack', received: is === 'data' ? 2 : 1 })
      const server = await upstream.connection()
      if (is === 'data') expect(Buffer.from(await server.message())).toEqual(payload)
      expect(await server.message()).toBe('behind it')
    },
  )
})

function fragments(payload: Buffer, first: number, sizes = [payload.length]): Buffer {
  let from = 0
  const parts = sizes.map((size, index) => {
    from += size
    const [op, fin] = [index === 0 ? first : opcode.continuation, index === sizes.length - 1]
    return frame({ opcode: op, fin, mask: true, payload: payload.subarray(from - size, from) })
  })
  return Buffer.concat(parts)
}
