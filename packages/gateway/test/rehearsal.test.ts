// A worker serves connections of its own before it is ready (worker/rehearsal.ts), and nobody sees anything of them. The other
// tests start their gateways without it (vitest.config.ts).
import { type Holdfast, runtime, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { canShareHandles } from '../src/listen/index.ts'
import { Rehearsal, rehearsalMs } from '../src/worker/rehearsal.ts'

const forks = canShareHandles && !runtime().foreign
const aMinuteMs = 60_000

describe('a rehearsal', () => {
  test('serves its connections to their end', async () => {
    const { connections, fault } = await new Rehearsal({ connections: 20, withinMs: aMinuteMs }).run()
    expect(fault).toBeUndefined()
    expect(connections).toBeGreaterThanOrEqual(20)
  })

  test('is over when its time is', async () => {
    const { connections, fault } = await new Rehearsal({ connections: 1e9, withinMs: 1 }).run()
    expect(fault).toBeUndefined()
    expect(connections).toBeLessThan(1e9)
  })

  test('ends with a fault of the process, and does not reject', async () => {
    const rehearsal = new Rehearsal({ connections: 1e9, withinMs: aMinuteMs })
    const ended = rehearsal.run()
    rehearsal.fail(new TypeError('broken'))
    expect(await ended).toEqual({ connections: expect.any(Number), fault: 'TypeError: broken' })
  })

  test('is held where it pays, unless it was turned off', () => {
    expect(rehearsalMs({}, '22.1.0')).toBe(canShareHandles ? 250 : 0)
    expect(rehearsalMs({}, '20.20.2')).toBe(0)
    expect(rehearsalMs({ HOLDFAST_REHEARSAL: 'off' })).toBe(0)
    expect(rehearsalMs({ HOLDFAST_REHEARSAL: '1000' })).toBe(canShareHandles ? 1000 : 0)
  })
})

describe.skipIf(!forks)('a gateway whose worker has rehearsed', () => {
  const route = (url: string) => ({ name: 'app', upstreams: [url] })
  const start = (url: string, env: Record<string, string> = {}) =>
    startHoldfast({
      config: { workers: 1, routes: [route(url)] },
      args: ['--log-level', 'debug'],
      env: { HOLDFAST_REHEARSAL: String(aMinuteMs), ...env },
    })
  const rehearsal = (holdfast: Holdfast) =>
    holdfast.log.find(({ msg }) => msg === 'rehearsal is over') as
      | { connections?: number; fault?: string }
      | undefined
  const serves = async (holdfast: Holdfast) => {
    const client = wsClient(holdfast.url)
    await client.opened
    client.close(1000)
    await client.closed
  }

  test('has counted none of it, and logged nothing about it but that it was', async () => {
    await using upstream = await startUpstream()
    await using holdfast = await start(upstream.url)
    expect(rehearsal(holdfast)).toMatchObject({ connections: expect.any(Number) })
    expect(rehearsal(holdfast)!.connections).toBeGreaterThan(0)

    const text = String((await holdfast.api('/metrics')).body)
    const ofTraffic = text
      .split('\n')
      .filter((line) =>
        /^holdfast_(?:connections|handshakes|closes|bytes|messages|dial|unrouted|sockets)/.test(line),
      )
    expect(ofTraffic.length).toBeGreaterThan(5)
    expect(ofTraffic.filter((line) => !line.endsWith(' 0'))).toEqual([])
    expect(text).not.toContain('rehearsal')
    expect((await holdfast.api('/api/connections')).body).toEqual({ connections: [] })

    await serves(holdfast)
    await holdfast.waitForLog('the only connection', ({ msg }) => msg === 'connection closed')
    expect(holdfast.log.filter(({ msg }) => msg === 'connection closed')).toHaveLength(1)
    expect(holdfast.log.filter(({ level }) => level > 30)).toEqual([])
  })

  /** In the worker, what a rehearsal listens on does this in place of listening. */
  const listening = (does: string) => {
    const program = `import net from 'node:net'
      const { listen } = net.Server.prototype
      if (process.argv[1].endsWith('worker-main.js')) net.Server.prototype.listen = function (at, ...rest) {
        if (at.port !== 0) return listen.call(this, at, ...rest)
        ${does}
      }`
    return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` }
  }
  test.each([
    ['cannot listen', `throw new Error('EPERM')`, 'Error: EPERM', []],
    [
      'throws where nobody catches it',
      `setImmediate(() => { throw new Error('broken') })`,
      'Error: broken',
      [
        {
          level: 40,
          err: { message: 'broken' },
          msg: 'fault while the worker rehearsed; it serves all the same',
        },
      ],
    ],
  ])('serves also when the rehearsal %s', async (_, does, fault, warnings) => {
    await using upstream = await startUpstream()
    await using holdfast = await start(upstream.url, listening(does))
    expect(rehearsal(holdfast)).toMatchObject({ connections: 0, fault })
    await serves(holdfast)
    expect(holdfast.log.filter(({ level }) => level > 30)).toMatchObject(warnings)
  })

  test('does not rehearse when told so', async () => {
    await using upstream = await startUpstream()
    await using holdfast = await start(upstream.url, { HOLDFAST_REHEARSAL: 'off' })
    expect(rehearsal(holdfast)).toBeUndefined()
    await serves(holdfast)
  })
})
