// Runs the blocks of docs/behind-a-proxy.md: the real nginx, Caddy and HAProxy in front of a real gateway.
import { eventually, type Holdfast, startHoldfast, startUpstream, wsClient } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { run } from '../../../doctor/test/config/live.ts'
import { caddy, missing, type Program, type RunningProxy } from '../../../doctor/test/probe/proxies.ts'
import { blockNamed } from './guide.ts'

const scenes: [program: Program, block: string, config: string][] = [
  ['nginx', 'nginx.conf', 'holdfast.yaml'],
  ['caddy', 'Caddyfile', 'holdfast.yaml'],
  ['haproxy', 'haproxy.cfg', 'proxy-protocol.yaml'],
]

const page = (name: string) => blockNamed('behind-a-proxy', name)

/** The gateway with a block of the guide, on free ports, and with what this test needs shorter. */
async function gateway(config: string, upstream: number, more = ''): Promise<Holdfast> {
  const text = page(config)
    .replace(/127\.0\.0\.1:808\d/, '127.0.0.1:0')
    .replace('127.0.0.1:3000', `127.0.0.1:${upstream}`)
  return startHoldfast({ config: `admin: 127.0.0.1:0\nworkers: 1\n${text}${more}` })
}

/** A program with its block of the guide, in front of a gateway. */
function inFront(program: Program, block: string, holdfast: Holdfast): Promise<RunningProxy> {
  if (program !== 'caddy') return run(program, block, { port: portOf(holdfast) })
  // Its site is that of a name: what is in it, for every name.
  const [, directives = ''] = /^chat\.example\.com \{\n(.*)\n\}/s.exec(block) ?? []
  return caddy(directives.replace('127.0.0.1:8080', new URL(holdfast.url).host), 'every')
}

const portOf = ({ url }: { url: string }) => Number(new URL(url).port)

/** A client that comes from an address of its own. */
const clientOf = ({ url }: RunningProxy) =>
  wsClient(url, { localAddress: '127.0.0.99', headers: { Host: 'chat.example.com' } })

describe.each(scenes)(
  '%s in front of Holdfast, as docs/behind-a-proxy.md has it',
  (program, block, config) => {
    test.skipIf(missing(program))(
      'passes WebSockets on, their closes, and the address of the client',
      async () => {
        await using upstream = await startUpstream()
        await using holdfast = await gateway(config, upstream.port)
        await using proxy = await inFront(program, page(block), holdfast)
        await using client = clientOf(proxy)
        await client.opened
        client.send('there and back')
        expect(await client.message()).toBe('there and back')
        expect(JSON.stringify(await holdfast.api('/api/connections'))).toContain('127.0.0.99')
        ;(await upstream.connection()).close(4001, 'enough')
        expect(await client.closed).toEqual({ code: 4001, reason: 'enough', wasClean: true })

        await using another = clientOf(proxy)
        await another.opened
        holdfast.signal('SIGTERM')
        expect(await another.closed).toMatchObject({
          code: 1012,
          reason: expect.stringMatching(/^service restart; retry=\d+$/),
        })
      },
    )

    test.skipIf(missing(program))(
      'shows 1006 when Holdfast is killed, and HTTP when it is not there',
      async () => {
        await using upstream = await startUpstream()
        await using holdfast = await gateway(config, upstream.port)
        await using proxy = await inFront(program, page(block), holdfast)
        await using client = clientOf(proxy)
        await client.opened
        for (const pid of [holdfast.pid, ...holdfast.workers()]) process.kill(pid, 'SIGKILL')
        expect(await client.closed).toMatchObject({ code: 1006 })
        if (program === 'haproxy') return // In TCP mode it ends the connection, and says nothing.
        await eventually('the port to be closed', async () => {
          await using late = clientOf(proxy)
          return (await Promise.race([late.refused, late.closed.then(() => undefined)]))?.status === 502
        })
      },
    )
  },
)

test('a proxy that trustedProxies lacks is told of once, and one that it has is not', async () => {
  await using upstream = await startUpstream()
  const config = { workers: 1, routes: [{ name: 'all', upstreams: [upstream.url] }] }
  await using forgetful = await startHoldfast({ config })
  await using right = await startHoldfast({ config: { ...config, trustedProxies: ['127.0.0.1'] } })
  for (const { url } of [forgetful, forgetful, right]) {
    await using client = wsClient(url, { headers: { 'X-Forwarded-For': '203.0.113.7' } })
    await client.opened
  }
  const told = (holdfast: Holdfast) => holdfast.log.filter(({ msg }) => msg.startsWith('X-Forwarded-For'))
  await forgetful.waitForLog('the forgotten proxy', ({ msg }) => msg.startsWith('X-Forwarded-For'))
  expect(told(forgetful)).toEqual([
    expect.objectContaining({ peer: '127.0.0.1', next: "trustedProxies: ['127.0.0.1']" }),
  ])
  expect(told(right)).toEqual([])
})

test.skipIf(missing('nginx'))('a Ping keeps a connection open that nginx would end as idle', async () => {
  await using upstream = await startUpstream()
  const shorter = '    keepalive: { ping: 250ms, timeout: 10s }\n'
  await using pinging = await gateway('holdfast.yaml', upstream.port, shorter)
  await using silent = await gateway('holdfast.yaml', upstream.port, '    keepalive: off\n')
  const impatient = page('nginx.conf').replace(
    'proxy_set_header Host',
    'proxy_read_timeout 1s;\n    proxy_set_header Host',
  )
  await using good = await run('nginx', impatient, { port: portOf(pinging) })
  await using bad = await run('nginx', impatient, { port: portOf(silent) })
  await using client = clientOf(good)
  await using lost = clientOf(bad)
  await Promise.all([client.opened, lost.opened])
  let pings = 0
  client.socket.on('ping', () => pings++)
  expect(await lost.closed).toMatchObject({ code: 1006 })
  // Twelve Pings are three seconds, three times what nginx allows.
  await eventually('twelve Pings', () => pings >= 12 || client.socket.readyState !== client.socket.OPEN)
  client.send('still here')
  expect(await client.message()).toBe('still here')
})
