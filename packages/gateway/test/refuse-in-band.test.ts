import { Duplex } from 'node:stream'
import { fakeClock } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { refuseInBand } from '../src/handshake/refuse-in-band.ts'

test('a client that has left before it is told anything is heard of behind the call', async () => {
  const stream = new Duplex({ read() {}, write: (_, __, done) => done() })
  stream.destroy()
  const heard: unknown[] = []
  const refusing = refuseInBand(stream, {
    code: 1013,
    reason: 'try again later',
    pauseMs: 0,
    closeTimeoutMs: 1000,
    clock: fakeClock(),
    onClosed: (code, by) => heard.push([code, by]),
    onFault: (error) => heard.push(error),
  })
  expect(heard).toEqual([])
  await refusing.closed
  expect(heard).toEqual([[1006, 'client']])
})
