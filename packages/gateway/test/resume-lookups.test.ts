// Whose word it takes until other processes and the store are asked about a session: anybody can write what looks like a token.
import { startGateway, startUpstream } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { ResumingClient, resumeOptions } from './resuming.ts'

const unknownToken = `1-AAAAAAAAAAAA-BBBBBBBBBBBBBBBB-1-${'x'.repeat(43)}`

/** A gateway that notes what it asks others about. */
async function gateway(more: object) {
  const asked: string[] = []
  const upstream = await startUpstream()
  const its = await startGateway(
    { upstreams: [upstream.url], resume: resumeOptions(), rejections: 'close', ...more },
    {
      elsewhere: async () => {
        asked.push('others')
        return false
      },
      directory: {
        seek: async () => void asked.push('store'),
        list: async () => {
          throw new Error('no session begins here')
        },
      },
    },
  )
  return {
    url: its.url,
    asked,
    async [Symbol.asyncDispose]() {
      await its[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
    },
  }
}

/** The Close that a client with that token gets in place of `welcome`. */
async function told(url: string) {
  const client = new ResumingClient(url)
  client.token = unknownToken
  const connection = await client.dial()
  const close = await connection.closeFrame()
  connection.reset()
  return close
}

test('a page of another origin has nobody asked about its token', async () => {
  await using its = await gateway({ origins: ['https://chat.example'] })
  const others: Record<string, string>[] = [{ Origin: 'https://elsewhere.example' }, {}]
  for (const headers of others) {
    const client = new ResumingClient(its.url, { headers })
    client.token = unknownToken
    expect(await client.dial()).toMatchObject({ status: 403 })
  }
  expect(its.asked).toEqual([])
})

test('who comes too often has nobody asked either, and who may come in counts once', async () => {
  // One at a time: the next one has to wait for an hour.
  await using its = await gateway({ limits: { handshakesPerSecond: 1 / 3600 } })
  expect(await told(its.url)).toMatchObject({ code: 1011 })
  expect(its.asked).toEqual(['others', 'store'])
  expect(await told(its.url)).toMatchObject({ code: 1013 })
  expect(its.asked).toEqual(['others', 'store'])
})
