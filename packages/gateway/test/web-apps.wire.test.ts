// Applications that mix plain HTTP with WebSockets, as they are: behind the gateway each works as it does without one.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { createRequire } from 'node:module'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  browser,
  browserMissing,
  Child,
  closedPort,
  eventually,
  listening,
  startGateway,
  type TestBrowser,
  wsClient,
} from '@holdfast/testing'
import sockjs from 'sockjs'
import SockJS from 'sockjs-client'
import { createServer as createVite } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rfbServer } from './peers/rfb-server.ts'

const require = createRequire(import.meta.url)
/** The folder of its modules' package. */
const novncRoot = dirname(dirname(require.resolve('@novnc/novnc')))
const peer = (file: string) => fileURLToPath(new URL(`./peers/${file}`, import.meta.url))
const hasTornado = existsSync('/usr/lib/python3/dist-packages/tornado')
const websockify = '/usr/bin/websockify'

const httpUrl = (url: string) => url.replace(/^ws/, 'http')

describe('SockJS', () => {
  test.each(['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'])(
    'talks over %s',
    async (transport) => {
      const echo = sockjs.createServer({ prefix: '/echo', log: () => {}, heartbeat_delay: 1000 })
      echo.on('connection', (connection) => {
        connection.on('data', (message) => {
          if (message === 'close') connection.close('4001', 'asked to')
          else connection.write(message)
        })
      })
      await using server = await listen(http.createServer())
      echo.installHandlers(server.http)
      await using gateway = await startGateway({ upstreams: [`http://127.0.0.1:${server.port}`] })
      const client = new SockJS(`${httpUrl(gateway.url)}/echo`, undefined, { transports: transport })
      const messages: string[] = []
      const closed = new Promise<{ code: number; reason: string }>((resolve) => {
        client.onclose = ({ code, reason }) => resolve({ code: Number(code), reason })
      })
      let used: unknown
      client.onopen = () => {
        used = (client as unknown as { transport: string }).transport
        client.send('hello')
      }
      client.onmessage = ({ data }) => {
        messages.push(data)
        if (messages.length === 1) client.send('x'.repeat(100_000))
        else client.send('close')
      }
      expect(await closed).toEqual({ code: 4001, reason: 'asked to' })
      expect(messages).toEqual(['hello', 'x'.repeat(100_000)])
      expect(used).toBe(transport)
    },
  )
})

describe.skipIf(!hasTornado)('a notebook server with Tornado', () => {
  test('makes a kernel over HTTP and speaks to it in its binary subprotocol', async () => {
    await using server = new Child('/usr/bin/python3', [peer('kernel_server.py')])
    const port = await server.line('its port', (line) => JSON.parse(line).port as number)
    await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${port}`] })
    const origin = httpUrl(gateway.url)
    const refused = await fetch(`${origin}/api/kernels`, { method: 'POST' })
    expect(refused.status).toBe(403)
    const made = await fetch(`${origin}/api/kernels`, {
      method: 'POST',
      headers: { Authorization: 'token secret' },
    })
    const { id } = (await made.json()) as { id: string }
    expect([made.status, made.headers.get('location')]).toEqual([201, `/api/kernels/${id}`])

    await using client = wsClient(`${gateway.url}/api/kernels/${id}/channels?session_id=s`, {
      protocols: ['v1.kernel.websocket.jupyter.org'],
      headers: { Origin: origin },
    })
    await client.opened
    expect(client.socket.protocol).toBe('v1.kernel.websocket.jupyter.org')
    const blob = Buffer.alloc(300_000, 7)
    const parts = ['{"msg_type":"execute_request"}', '{"code":"1+1"}']
    client.send(packed('shell', [...parts.map((part) => Buffer.from(part)), blob]))
    const [status, reply] = [
      unpacked((await client.message()) as Buffer),
      unpacked((await client.message()) as Buffer),
    ]
    expect(status.map(String)).toEqual(['iopub', '{"msg_type":"status"}', '{"execution_state":"busy"}'])
    expect(reply.slice(0, 3).map(String)).toEqual([
      'shell',
      '{"msg_type":"execute_reply"}',
      '{"execution_count": 1, "code": "1+1"}',
    ])
    expect(reply[3]!.equals(blob)).toBe(true)
    client.send(packed('control', [Buffer.from('{"msg_type":"shutdown_request"}'), Buffer.from('{}')]))
    expect(await client.closed).toMatchObject({ code: 1001, reason: 'kernel shut down' })
  })

  test('refuses a page of another host by its own rule, and the page is told 403', async () => {
    await using server = new Child('/usr/bin/python3', [peer('kernel_server.py')])
    const port = await server.line('its port', (line) => JSON.parse(line).port as number)
    await using gateway = await startGateway({ upstreams: [`ws://127.0.0.1:${port}`] })
    const url = `${gateway.url}/api/kernels/x/channels`
    await using client = wsClient(url, { headers: { Origin: 'http://elsewhere.example' } })
    expect(await client.refused).toMatchObject({ status: 403 })
  })
})

describe.skipIf(browserMissing())('in a real browser', () => {
  let chromium: TestBrowser
  beforeAll(async () => {
    chromium = await browser()
  })
  afterAll(() => chromium[Symbol.asyncDispose]())

  test('Vite changes a module in the page, over a WebSocket through the gateway', async () => {
    const project = mkdtempSync(join(tmpdir(), 'holdfast-vite-'))
    const module = (word: string) =>
      `document.body.textContent = '${word}'\nimport.meta.hot.accept()\nwindow.loads = (window.loads ?? 0) + 1\n`
    writeFileSync(
      join(project, 'index.html'),
      '<!doctype html><body><script type="module" src="/main.js"></script>',
    )
    writeFileSync(join(project, 'main.js'), module('before'))
    const vite = await createVite({
      root: project,
      configFile: false,
      cacheDir: join(project, '.vite'),
      logLevel: 'silent',
      // What the machine offers for watching files differs; looking at them works everywhere.
      server: { host: '127.0.0.1', port: await closedPort(), watch: { usePolling: true, interval: 50 } },
      optimizeDeps: { noDiscovery: true },
    })
    try {
      await vite.listen()
      const { port } = vite.httpServer!.address() as { port: number }
      await using gateway = await startGateway({ upstreams: [`http://127.0.0.1:${port}`] })
      const context = await chromium.newContext()
      try {
        const page = await context.newPage()
        const sockets: string[] = []
        page.on('websocket', (socket) => sockets.push(socket.url()))
        await page.goto(httpUrl(gateway.url))
        await page.waitForFunction("document.body.textContent.includes('before')")
        await eventually('its WebSocket is open', async () => (await gateway.connections()).length === 1)
        writeFileSync(join(project, 'main.js'), module('after'))
        await page.waitForFunction("document.body.textContent.includes('after')")
        // The same page: the module ran again in it.
        expect(await page.evaluate('window.loads')).toBe(2)
        expect(sockets.map((url) => new URL(url).host)).toEqual([new URL(gateway.url).host])
      } finally {
        await context.close()
      }
    } finally {
      await vite.close()
      rmSync(project, { recursive: true, force: true })
    }
  })

  test.skipIf(!existsSync(websockify))(
    'noVNC shows a screen through websockify, and types into it',
    async () => {
      await using screen = await rfbServer([10, 200, 30])
      const port = await closedPort()
      await using bridge = new Child(websockify, [`127.0.0.1:${port}`, `127.0.0.1:${screen.port}`])
      await eventually('websockify listens', () => answers(port))
      await using pages = await listen(http.createServer(novnc))
      await using gateway = await startGateway({
        routes: [
          { name: 'screen', match: { path: '/websockify' }, upstreams: [`ws://127.0.0.1:${port}`] },
          { name: 'pages', match: { path: '/*' }, upstreams: [`http://127.0.0.1:${pages.port}`] },
        ],
      })
      const context = await chromium.newContext()
      try {
        const page = await context.newPage()
        await page.goto(`${httpUrl(gateway.url)}/page.html`)
        // A module of noVNC awaits at its top: the page can be loaded before it has run.
        await page.waitForFunction('window.colour?.()?.join() === "10,200,30"')
        await page.evaluate('window.rfb.sendKey(0x61)')
        await eventually('the key arrives', () => screen.keys.length > 0)
        expect(screen.keys[0]).toBe(0x61)
      } finally {
        await context.close()
      }
      expect(bridge.stderr.join('\n')).not.toMatch(/Traceback/)
    },
  )
})

const page = `<!doctype html><body><div id="screen" style="width:64px;height:32px"></div><script type="module">
import RFB from '/core/rfb.js'
window.rfb = new RFB(document.getElementById('screen'), location.origin.replace(/^http/, 'ws') + '/websockify')
window.colour = () => {
  const canvas = document.querySelector('canvas')
  return canvas?.width === 64 ? [...canvas.getContext('2d').getImageData(20, 20, 1, 1).data.slice(0, 3)] : undefined
}
</script>`

/** Serves the page and the modules of noVNC. */
function novnc(request: http.IncomingMessage, response: http.ServerResponse): void {
  const path = new URL(request.url!, 'http://a').pathname
  const file = join(novncRoot, path)
  if (path === '/page.html') response.setHeader('Content-Type', 'text/html').end(page)
  else if (path.endsWith('.js') && existsSync(file))
    response.setHeader('Content-Type', 'text/javascript').end(readFileSync(file))
  else response.writeHead(404).end()
}

interface Listening extends AsyncDisposable {
  readonly http: http.Server
  readonly port: number
}

async function listen(server: http.Server): Promise<Listening> {
  await listening(server)
  return {
    http: server,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1')
  try {
    return await new Promise((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    })
  } finally {
    socket.destroy()
  }
}

/** As kernel_server.py reads it. */
function packed(channel: string, parts: Buffer[]): Buffer {
  const body = [Buffer.from(channel), ...parts]
  const head = Buffer.alloc(8 * (body.length + 2))
  head.writeBigUInt64LE(BigInt(body.length + 1))
  let offset = head.length
  body.forEach((part, i) => {
    head.writeBigUInt64LE(BigInt(offset), 8 * (i + 1))
    offset += part.length
  })
  head.writeBigUInt64LE(BigInt(offset), head.length - 8)
  return Buffer.concat([head, ...body])
}

function unpacked(message: Buffer): Buffer[] {
  const count = Number(message.readBigUInt64LE())
  const offsets = Array.from({ length: count }, (_, i) => Number(message.readBigUInt64LE(8 * (i + 1))))
  return offsets.slice(1).map((end, i) => message.subarray(offsets[i], end))
}
