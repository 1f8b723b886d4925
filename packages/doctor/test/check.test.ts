import type net from 'node:net'
import {
  eventually,
  faults,
  faultUpstream,
  type HttpHead,
  rawUpstream,
  startUpstream,
  tcpServer,
} from '@holdfast/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { check } from '../src/check.ts'
import { probeFindings } from '../src/findings-probe.ts'
import { fix, title, why } from '../src/words.ts'
import { missing } from './probe/proxies.ts'
import { type Scene, Stage } from './probe/scene.ts'
import { connectionScenes } from './probe/scenes-connection.ts'
import { handshakeScenes } from './probe/scenes-handshake.ts'
import { proxyScenes } from './probe/scenes-proxies.ts'
import { webSocketScenes } from './probe/scenes-websocket.ts'

const scenes: Scene[] = [...proxyScenes, ...connectionScenes, ...handshakeScenes, ...webSocketScenes]

const quick = { timeout: 3_000, idle: 50 }

describe.concurrent('check', () => {
  for (const scene of scenes) {
    test.skipIf(scene.needs && missing(scene.needs))(`says ${scene.finds} of ${scene.it}`, async () => {
      await using stage = new Stage()
      const { url, options } = await scene.set(stage)
      const result = await check(url, { ...quick, ...options })
      const found = result.layers.flatMap(({ findings }) => findings)
      const where = { layer: scene.layer }
      expect(found).toContainEqual(expect.objectContaining({ code: scene.finds, where }))
      const { level } = probeFindings[scene.finds]
      const errors = found.filter((it) => it.level === 'error').map(({ code }) => code)
      expect(errors).toEqual(level === 'error' ? [scene.finds] : [])
      expect(found.map(({ code }) => code)).toEqual(expect.arrayContaining(scene.passes ?? []))
      expect(result).toMatchObject({ complete: true, healthy: level !== 'error' })
      if (scene.side) expect(result.side).toBe(scene.side)
      if (scene.concludes) expect(result.conclusions.map(({ code }) => code)).toEqual(scene.concludes)
      for (const finding of [...found, ...result.conclusions]) expectWords(finding)
    })
  }

  for (const fault of faults.invalidFrames) {
    test(`says frames-broken of a server that sends a ${fault}`, async () => {
      await using upstream = await faultUpstream(fault)
      const { layers } = await check(upstream.url, quick)
      expect(layers.at(-1)).toMatchObject({ layer: 'ping', findings: [{ code: 'frames-broken' }] })
    })
  }
})

/** No place in the words is left without its value. */
function expectWords(finding: Parameters<typeof title>[0]): void {
  const text = [title(finding), why(finding), ...fix(finding)].join('\n')
  for (const name of Object.keys(finding.args)) expect(text).not.toContain(`{${name}}`)
  expect(Object.keys(finding.args).sort()).toEqual(
    [...probeFindings[finding.code as Scene['finds']].args].sort(),
  )
}

test('every finding of the probes has a scene', () => {
  const shown = new Set(
    scenes.flatMap(({ finds, passes = [], concludes = [] }) => [finds, ...passes, ...concludes]),
  )
  expect([...shown].sort()).toEqual(Object.keys(probeFindings).sort())
})

test('a server that has no room for a cookie of 4 KiB only gets a warning', async () => {
  const onRequest = ({ headers }: HttpHead, socket: net.Socket) => {
    const tooLarge = (headers.cookie?.length ?? 0) > 3_000
    if (tooLarge) socket.end('HTTP/1.1 431 Too Large\r\n\r\n')
    return tooLarge
  }
  await using upstream = await rawUpstream({ onRequest })
  const result = await check(upstream.url, quick)
  expect(result.healthy).toBe(true)
  const args = { size: '4 KiB', answer: 'status 431' }
  const found = [expect.objectContaining({ code: 'headers-too-large', level: 'warning', args })]
  expect(result.layers.find(({ layer }) => layer === 'upgrade')).toMatchObject({
    level: 'warning',
    findings: found,
  })
})

test('a server that answers once and then never again cannot keep a check', async () => {
  const log: string[] = []
  const onRequest = (_: HttpHead, socket: net.Socket) => {
    log.push('asked')
    if (log.length === 1) socket.write('HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n')
    else socket.once('close', () => log.push('given up'))
    return true
  }
  await using upstream = await rawUpstream({ onRequest })
  const { layers } = await check(upstream.url, { timeout: 2_000 })
  expect(layers.at(-1)).toMatchObject({ findings: [{ code: 'upgrade-refused' }] })
  // The first question that is not answered within its limit is the last.
  await eventually('the end of the second question', () => log.includes('given up'))
  expect(log).toEqual(['asked', 'asked', 'given up'])
})

test('a signal ends a check at once, with what is known by then, and leaves no connection behind', async () => {
  await using upstream = await startUpstream()
  const controller = new AbortController()
  const result = await check(upstream.url, {
    idle: 60_000,
    signal: controller.signal,
    // The idle layer is the next, and would take a minute.
    onLayer: ({ layer }) => layer === 'close' && void setTimeout(() => controller.abort()),
  })
  expect(result).toMatchObject({ complete: false, healthy: false })
  expect(result.layers.map(({ layer }) => layer)).toEqual([
    'url',
    'dns',
    'tcp',
    'upgrade',
    'accept',
    'ping',
    'close',
  ])
  await eventually('the end of all connections', () => upstream.sockets.size === 0)
})

test('a check that stops at a fault leaves no connection behind', async () => {
  await using upstream = await faultUpstream('wrong accept key')
  await check(upstream.url, quick)
  expect(upstream.accepted).toBeGreaterThan(1)
  await eventually('the end of all connections', () => upstream.open === 0)
})

test('a signal that has fired lets nothing be asked', async () => {
  await using server = await tcpServer(() => {})
  const result = await check(`ws://127.0.0.1:${server.port}`, {
    signal: AbortSignal.abort(),
    upstream: 'ws://127.0.0.1:1',
  })
  expect(result).toMatchObject({ complete: false, layers: [], upstream: { layers: [] } })
  expect(server.accepted).toBe(0)
})

test('both ends are walked at the same time, and told one after the other', async () => {
  await using front = await startUpstream()
  await using upstream = await startUpstream()
  const told: string[] = []
  const toldAtFirst = upstream.connection().then(() => [...told])
  await check(front.url, {
    idle: 500,
    upstream: upstream.url,
    onLayer: ({ layer }, endpoint) => told.push(`${endpoint} ${layer}`),
  })
  // The silence of one is not over when the other is asked.
  expect(await toldAtFirst).not.toContain('url idle')
  const layers = ['url', 'dns', 'tcp', 'upgrade', 'accept', 'ping', 'close', 'idle', 'large-message']
  expect(told).toEqual(['url', 'upstream'].flatMap((end) => layers.map((layer) => `${end} ${layer}`)))
})

test('headers and subprotocols reach the server, and its choice is told', async () => {
  await using upstream = await startUpstream({ protocols: ['chat.v2'] })
  const { layers } = await check(`${upstream.url}/room?id=1`, {
    ...quick,
    protocols: ['chat.v3', 'chat.v2'],
    headers: [
      ['Cookie', 'a=b'],
      ['Host', 'chat.example'],
    ],
  })
  expect(layers.find(({ layer }) => layer === 'accept')?.findings[0]?.args.protocol).toBe('chat.v2')
  const { request } = upstream.connections[0]!
  expect(request.url).toBe('/room?id=1')
  expect(request.headers).toMatchObject({ cookie: 'a=b', host: 'chat.example' })
})

test('an upstream without a path is asked for the path of the URL', async () => {
  await using upstream = await startUpstream()
  const paths = async (url: string) => {
    const before = upstream.connections.length
    await check('ws://127.0.0.1:1/chat?id=1', { ...quick, upstream: url })
    return upstream.connections[before]!.request.url
  }
  expect(await paths(upstream.url)).toBe('/chat?id=1')
  expect(await paths(`http://127.0.0.1:${upstream.port}/`)).toBe('/chat?id=1')
  expect(await paths(`${upstream.url}/ws`)).toBe('/ws')
})

test.each([
  { protocols: ['two words'] },
  { headers: [['Bad name', 'x']] as const },
  { headers: [['X-Good', 'bad\r\nvalue']] as const },
])('what cannot be sent is a TypeError: %j', async (options) => {
  await expect(check('ws://127.0.0.1:1', options)).rejects.toThrow(TypeError)
})

test('a secret is not sent to a server whose certificate is not good', async () => {
  const scene = connectionScenes.find(({ finds }) => finds === 'tls-wrong-name')!
  await using stage = new Stage()
  const { url, options } = await scene.set(stage)
  const { layers } = await check(url, {
    ...options,
    upstream: undefined,
    headers: [['Authorization', 'Bearer x']],
  })
  expect(layers.at(-1)?.layer).toBe('tls')
})

test('whatever a server answers, a check comes to an end', async () => {
  const http = fc.constantFrom(
    'HTTP/1.1 101 x\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 400 No\r\nContent-Length: -1\r\n',
  )
  const line = fc
    .tuple(fc.constantFrom('Upgrade', 'Location', 'Sec-WebSocket-Accept', 'x'), fc.string())
    .map((it) => it.join(': '))
  const head = fc
    .tuple(http, fc.array(line, { maxLength: 3 }))
    .map(([first, lines]) => `${first}${lines.join('\r\n')}\r\n\r\n`)
  const answer = fc.tuple(fc.oneof(head, fc.constant('')), fc.uint8Array({ maxLength: 40 }))
  await fc.assert(
    fc.asyncProperty(answer, fc.boolean(), async ([text, bytes], ends) => {
      await using server = await tcpServer((socket) => {
        socket.once('data', () => {
          socket.write(text)
          socket[ends ? 'end' : 'write'](bytes)
        })
      })
      const result = await check(`ws://127.0.0.1:${server.port}`, { timeout: 40, idle: 10 })
      expect(result.complete).toBe(true)
      expect(result.layers.at(-1)?.findings.length).toBeGreaterThan(0)
    }),
    { numRuns: 60 },
  )
})

test('whatever a server sends on an open WebSocket, a check comes to an end', async () => {
  let opened = 0
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), async (bytes) => {
      await using upstream = await rawUpstream({ onOpen: (peer) => peer.write(bytes) })
      const result = await check(upstream.url, { timeout: 40, idle: 10 })
      expect(result.complete).toBe(true)
      // The time for the handshake is short; on a busy machine it may be over before the server has answered.
      const found = result.layers.flatMap(({ findings }) => findings.map(({ code }) => code))
      if (found.some((code) => code.endsWith('-no-answer'))) return
      opened++
      expect(result.layers.length).toBeGreaterThan(5)
    }),
    { numRuns: 60 },
  )
  expect(opened).toBeGreaterThan(0)
})
