import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fakeClock, gatewayOptions } from '@holdfast/testing'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { AdminPort } from '../src/process/admin-port.ts'
import { SyntheticOperations } from './synthetic-operations.ts'

test('an admin port that fails behind its bind listens no more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-admin-'))
  try {
    const operations = new SyntheticOperations([])
    const { events } = operations
    const { after } = events
    events.after = () => {
      throw new Error('no events')
    }
    const path = join(folder, 'admin.sock')
    const port = new AdminPort({ operations, log: pino({ level: 'silent' }), clock: fakeClock() })
    const options = gatewayOptions({
      upstreams: ['ws://127.0.0.1:1'],
      admin: { host: `unix:${path}`, port: 0 },
    })
    await expect(port.start(options)).rejects.toMatchObject({
      code: 'cannot_listen',
      message: expect.stringContaining('no events'),
    })
    expect([port.server, readdirSync(folder)]).toEqual([undefined, []])
    events.after = after
    await port.start(options)
    expect(readdirSync(folder)).toEqual(['admin.sock'])
    await port.server!.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
})
