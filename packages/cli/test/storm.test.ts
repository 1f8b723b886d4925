// A storm: everybody comes at the same moment, as after an outage somewhere else.
import { startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { expect, test } from 'vitest'

test.each([1, 2])(
  'with %i workers 2,000 clients that come at the same moment are all served',
  async (workers) => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({
      args: ['--upstream', upstream.url, '--workers', String(workers)],
    })
    const clients = Array.from({ length: 2000 }, () => wsClient(holdfast.url))
    const failed = (await Promise.allSettled(clients.map(({ opened }) => opened))).filter(
      ({ status }) => status === 'rejected',
    )
    expect(failed).toEqual([])
    for (const client of clients) client.socket.terminate()
  },
)
