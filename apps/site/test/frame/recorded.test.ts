// What real programs recorded of real connections.
import { browserMissing } from '@holdfast/testing'
import { describe, expect, it } from 'vitest'
import { readFile } from '../../src/frame/read.ts'
import { recordChromium, recordTcpdump, startServer, tcpdumpMissing } from './recorded.ts'

const said = ['hello hello hello', 'bye']

describe.skipIf(browserMissing())('what Chromium records', () => {
  it('as a netlog with bytes has every frame, inflated, and the Close', async () => {
    await using server = await startServer()
    const { netlog, har } = await recordChromium(server.port, 'Everything')
    const { kind, connections } = readFile(netlog)
    expect(kind).toBe('netlog')
    expect(connections).toHaveLength(1)
    const [{ handshake, frames, end, reports, notes }] = connections as [(typeof connections)[0]]
    expect(handshake).toMatchObject({ status: 101, accept: 'right', faults: [] })
    expect(handshake?.deflate).toMatchObject({ clientTakeover: true, serverTakeover: true })
    for (const from of ['client', 'server']) {
      const texts = frames.filter((frame) => frame.from === from && frame.opcode === 1)
      expect(texts.map(({ inflated }) => inflated?.shown)).toEqual(said)
      expect(frames.find((frame) => frame.from === from && frame.close)?.close).toMatchObject({
        code: 1012,
        retry: 2350,
      })
    }
    expect(frames.flatMap(({ faults }) => faults)).toEqual([])
    expect(end?.fin).toContain('server')
    expect(reports).toEqual({ client: 1012, server: 1012 })
    expect(notes).toEqual([])
    // Cut off, as when the browser was killed, it has what it had until then.
    const cut = netlog.subarray(0, netlog.lastIndexOf('"polledData"') - 500)
    expect(readFile(cut).connections).toHaveLength(1)

    const recorded = readFile(har)
    expect(recorded.kind).toBe('har')
    expect(recorded.connections).toHaveLength(1)
    expect(recorded.connections[0]).toMatchObject({
      handshake: { status: 101, accept: 'right', faults: [] },
      notes: [{ what: 'harNoClose' }],
      reports: {},
    })
    const sent = recorded.connections[0]!.frames.filter(({ from }) => from === 'client')
    expect(sent.map(({ payload }) => payload?.shown)).toEqual(['hello hello hello', '01 02 03', 'bye'])
  })

  it('as a netlog without bytes has the heads of frames', async () => {
    await using server = await startServer()
    const { netlog } = await recordChromium(server.port, 'Default')
    const { connections } = readFile(netlog)
    expect(connections).toHaveLength(1)
    const [{ handshake, frames, notes }] = connections as [(typeof connections)[0]]
    expect(handshake?.status).toBe(101)
    expect(notes).toEqual([{ what: 'headersOnly' }])
    expect(frames.map(({ from, opcode }) => `${from} ${opcode}`)).toEqual(
      expect.arrayContaining(['client 1', 'client 2', 'server 1', 'server 8', 'client 8']),
    )
  })
})

describe.skipIf(tcpdumpMissing())('what tcpdump captures', () => {
  it('has the connections that ended with a Close and without', async (context) => {
    await using server = await startServer()
    const file = await recordTcpdump(server.port, ['bye', 'die'])
    if (!file) return context.skip('the system does not let tcpdump capture')
    const { kind, connections, notes } = readFile(file)
    expect(kind).toBe('pcap')
    expect(notes).toEqual([])
    expect(connections).toHaveLength(2)
    const [closed, cut] = connections as [(typeof connections)[0], (typeof connections)[0]]
    expect(closed).toMatchObject({
      handshake: { accept: 'right', faults: [] },
      reports: { client: 1012, server: 1012 },
    })
    const texts = closed.frames
      .filter(({ opcode }) => opcode === 1)
      .map(({ from, inflated }) => `${from} ${inflated?.shown}`)
    expect(texts).toEqual(
      expect.arrayContaining(said.flatMap((text) => [`client ${text}`, `server ${text}`])),
    )
    expect(closed.frames.flatMap(({ faults }) => faults)).toEqual([])
    expect(closed.frames.find(({ close }) => close)).toMatchObject({
      from: 'server',
      close: { code: 1012, retry: 2350 },
    })
    // ws ends or resets TCP, whichever comes first; there is no Close either way.
    expect(cut.frames.some(({ close }) => close)).toBe(false)
    expect(cut.end).toBeDefined()
    expect(cut.reports).toEqual({ client: 1006, server: 1006 })
  })
})
