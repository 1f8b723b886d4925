// The dialogues and messages of protocol/vectors.json, played to a real gateway.
import { playClient, resumeVectors, startGateway, startUpstream } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import type { ClientSays } from '../src/resume/control-message.ts'
import { Incoming } from '../src/resume/incoming.ts'
import { readOffer } from '../src/resume/offer.ts'
import { clientFrames, resumeOptions } from './resuming.ts'

const vectors = resumeVectors()

describe('the gateway', () => {
  const ofGateways = vectors.dialogues.filter(({ of }) => of.includes('gateway'))
  test.each(ofGateways.map((dialogue) => [dialogue.name, dialogue] as const))('%s', async (_, dialogue) => {
    await using upstream = await startUpstream({ echo: false, protocols: ['chat.v2'] })
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      resume: resumeOptions({ for: dialogue.for ?? 60_000 }),
    })
    await playClient(dialogue, gateway.url, upstream)
  })

  test.each(vectors.offers.map((offer) => [offer.name, offer] as const))('offered: %s', async (_, offer) => {
    await using upstream = await startUpstream({
      protocols: offer.upstream === '' ? ['none of these'] : [offer.upstream],
    })
    await using gateway = await startGateway({
      upstreams: [upstream.url],
      ...(offer.resumes !== false && { resume: resumeOptions() }),
    })
    const { rawClient } = await import('@holdfast/testing')
    await using client = await rawClient(gateway.url, { protocols: offer.offered })
    expect(client.protocol ?? '').toBe(offer.selected)
    const { request } = await upstream.connection()
    expect(request.headers['sec-websocket-protocol']?.split(', ') ?? []).toEqual(offer.toUpstream)
    if (offer.protocol === null || offer.resumes === false) return
    const welcome = JSON.parse((await client.message()).payload.toString().slice(17))
    expect(welcome).toMatchObject({ protocol: offer.protocol, resumed: false })
    expect(welcome.over?.why).toBe(offer.over)
  })
})

test.each(
  vectors.messages
    .filter(({ from }) => from !== 'gateway')
    .map((message) => [message.name, message] as const),
)('reads from the client, cut anywhere: %s', (_, { text, hex, frames, is, body }) => {
  const bytes = clientFrames({ text, hex, frames })
  for (let cut = 0; cut < bytes.length; cut++) {
    const seen: { data: number; says: (ClientSays | 'malformed')[] } = { data: 0, says: [] }
    const incoming = new Incoming(vectors.nonce, 1024, false)
    const sink = {
      onMessages(count: number) {
        seen.data += count
      },
      onControlMessage: (says: ClientSays | 'malformed') => void seen.says.push(says),
      onControlFrame() {},
      onRefused: () => expect.unreachable(),
    }
    for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)]) incoming.read(part, sink)
    expect(seen.data).toBe(is === 'data' ? 1 : 0)
    // Of numbers it is the session that says whether they can be.
    if (is === 1002 && text?.endsWith('"received":1}'))
      expect(seen.says).toEqual([{ type: 'ack', received: 1 }])
    else if (is === 1002) expect(seen.says).toEqual(['malformed'])
    else if (is === 'ignored') expect(seen.says).toEqual([{ type: 'unknown' }])
    else if (is === 'control') expect(seen.says).toEqual([body])
  }
})

test.each(vectors.entries.map(({ entry, ...rest }) => [entry, rest] as const))(
  'an entry: %j',
  (entry, { token, received }) => {
    const offer = readOffer(['holdfast.v1', entry])
    expect(offer?.back).toEqual(
      token === null
        ? entry.startsWith('holdfast.v1.')
          ? { token: '', received: 0 }
          : undefined
        : { token, received },
    )
  },
)
