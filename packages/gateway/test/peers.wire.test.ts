// Peers that share no code with us: python-websockets both ways, Autobahn, HAProxy in front over HTTP/2 and HTTP/1.1
// (RFC 8441), slowhttptest. A peer that is not installed is skipped by name.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Child,
  certificate,
  closedPort,
  eventually,
  h2Client,
  runtime,
  startGateway,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'

const peer = (file: string) => fileURLToPath(new URL(`./peers/${file}`, import.meta.url))
/** Debian's own, where its packages are; another may stand before it on the path. */
const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const has = (command: string, ...args: string[]) => spawnSync(command, args).status === 0
const hasModule = (name: string) => has(python, '-c', `import ${name}`)
const lines = (child: Child) => child.stdout.map((line) => JSON.parse(line))

describe.skipIf(!hasModule('websockets'))('python-websockets', () => {
  test('as client and as server talks through the gateway, compressed, and its 1012 comes with a delay', async () => {
    await using server = new Child(python, [peer('websockets_peer.py'), 'server'])
    const port = await server.line('its port', (line) => JSON.parse(line).port as number)
    await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${port}`] })
    await using client = new Child(python, [peer('websockets_peer.py'), 'client', gateway.url])
    expect(await client.exited).toMatchObject({ code: 0 })
    const [opened, closed] = lines(client)
    // The server knows both and takes either.
    expect(opened).toEqual({ protocol: expect.stringMatching(/^v[12]$/), extensions: 1 })
    expect(closed).toEqual({ code: 1012, reason: expect.stringMatching(/^service restart; retry=\d+$/) })
    await server.line('its close code', (line) => (JSON.parse(line).closed === 1012 ? true : undefined))
  })

  test('sees 1014 and the reason when its upstream is not there', async () => {
    await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${await closedPort()}`] })
    const script = `
import asyncio, websockets
async def main():
    async with websockets.connect("${gateway.url}") as socket:
        try:
            await socket.recv()
        except websockets.ConnectionClosed as closed:
            print(closed.rcvd.code, closed.rcvd.reason)
asyncio.run(main())`
    await using client = new Child(python, ['-c', script])
    await client.exited
    expect(client.stdout).toEqual([
      expect.stringMatching(/^1014 bad gateway: connection refused; sent=0; retry=\d+$/),
    ])
  })
})

describe.skipIf(!hasModule('autobahn'))('Autobahn', () => {
  test('sends fragments and permessage-deflate through the gateway and closes cleanly', async () => {
    await using upstream = await startUpstream({ perMessageDeflate: { threshold: 0 } })
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    await using client = new Child(python, [peer('autobahn_peer.py'), gateway.url])
    await client.exited
    expect(client.stderr.join('\n')).not.toMatch(/Traceback/)
    expect(lines(client)).toEqual([
      { bytes: 100_000, binary: true },
      { bytes: 5, binary: false },
      { code: 3456, reason: 'enough', clean: true },
    ])
    expect(await (await upstream.connection()).closed).toMatchObject({ code: 3456 })
  })
})

describe.skipIf(!has('haproxy', '-v'))('HAProxy in front', () => {
  /** HAProxy between clients and the gateway, with this frontend and this way to its server. */
  async function startHaproxy(bind: string, server: string) {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-haproxy-'))
    const file = join(folder, 'haproxy.cfg')
    const port = await closedPort()
    const { cert, key } = certificate()
    writeFileSync(join(folder, 'both.pem'), `${cert}\n${key}`)
    writeFileSync(
      file,
      `defaults
  mode http
  timeout connect 2s
  timeout client 20s
  timeout server 20s
  timeout tunnel 20s
frontend in
  bind 127.0.0.1:${port} ${bind.replace('CERT', join(folder, 'both.pem'))}
  default_backend gateway
backend gateway
  server holdfast ${server}
`,
    )
    const child = new Child('haproxy', ['-db', '-f', file])
    const connects = () =>
      new Promise<boolean>((resolve) => {
        const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
        socket.on('close', () => socket.destroy()).end()
      })
    for (let tries = 0; !(await connects()); tries++) {
      if (tries > 200 || child.exit) throw new Error(`haproxy did not start: ${child.describe()}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return {
      port,
      async [Symbol.asyncDispose]() {
        await child[Symbol.asyncDispose]()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }

  test('carries a client over HTTP/2 to the gateway, and codes back', async () => {
    const { cert, key } = certificate()
    await using upstream = await startUpstream({
      closeAfter: { messages: 2, code: 4001, reason: 'two is enough' },
    })
    await using gateway = await startGateway({ upstreams: [upstream.url], listen: [{ tls: { cert, key } }] })
    const { port } = new URL(gateway.url)
    await using haproxy = await startHaproxy('', `127.0.0.1:${port} ssl verify none alpn h2 ws h2`)
    await using client = wsClient(`ws://127.0.0.1:${haproxy.port}`)
    await client.opened
    // Bun's node:http2 stalls when HAProxy sends more than its first window.
    const size = runtime().name === 'bun' ? 10_000 : 200_000
    client.send('x'.repeat(size))
    expect(await client.message()).toHaveLength(size)
    const [info] = await gateway.connections()
    expect(info?.http).toBe('2')
    client.send('two')
    expect(await client.closed).toEqual({ code: 4001, reason: 'two is enough', wasClean: true })
  })

  test('brings an HTTP/2 client to the gateway over HTTP/1.1', async () => {
    await using upstream = await startUpstream()
    await using gateway = await startGateway({ upstreams: [upstream.url] })
    const { port } = new URL(gateway.url)
    await using haproxy = await startHaproxy('ssl crt CERT alpn h2', `127.0.0.1:${port}`)
    await using client = await h2Client(`wss://127.0.0.1:${haproxy.port}`)
    client.text('hello')
    expect(String((await client.message()).payload)).toBe('hello')
    client.close(3001, 'bye')
    expect(await client.closeFrame()).toEqual({ code: 3001, reason: 'bye' })
  })
})

describe.skipIf(!has('which', 'slowhttptest'))('slowhttptest', () => {
  test('with 300 slow connections keeps nobody else from being served', async () => {
    await using upstream = await startUpstream()
    await using holdfast = await startHoldfast({ args: ['--upstream', upstream.url, '--workers', '1'] })
    const url = holdfast.url.replace(/^ws/, 'http')
    await using slow = new Child('slowhttptest', [
      '-H',
      '-c',
      '300',
      '-r',
      '300',
      '-i',
      '1',
      '-l',
      '5',
      '-u',
      url,
    ])
    let served = 0
    await eventually('the end of slowhttptest', async () => {
      await using client = wsClient(holdfast.url)
      await client.opened
      client.send('served')
      expect(await client.message()).toBe('served')
      served++
      return slow.exit !== undefined
    })
    expect(served).toBeGreaterThan(5)
    expect(holdfast.log.filter(({ level }) => level >= 50)).toEqual([])
  })
})
