// Runs the pairs of docs/coming-from.md: another program and Holdfast before the same servers, with the same outcome.
import http from 'node:http'
import { join } from 'node:path'
import { readProxyConfig } from '@holdfast/doctor'
import {
  Child,
  certificate,
  closedPort,
  eventually,
  startHoldfast,
  startUpstream,
  type TestUpstream,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { run } from '../../../doctor/test/config/live.ts'
import { caddy, missing, type Program } from '../../../doctor/test/probe/proxies.ts'
import { blockNamed, folderWith } from './guide.ts'

const page = (name: string) => blockNamed('coming-from', name)

/** Two servers, which know who they are. */
async function startServers() {
  const servers = [await startUpstream(), await startUpstream()] as const
  return {
    ports: servers.map(({ port }) => port) as [number, number],
    servers,
    async [Symbol.asyncDispose]() {
      for (const server of servers) await server[Symbol.asyncDispose]()
    },
  }
}

type Servers = Awaited<ReturnType<typeof startServers>>

/** A configuration whose two servers are these. */
const leadingTo = (text: string, [first, second]: [number, number]) =>
  text.replaceAll('10.0.0.1:3000', `127.0.0.1:${first}`).replaceAll('10.0.0.2:3000', `127.0.0.1:${second}`)

interface Front extends AsyncDisposable {
  readonly url: string
}

function startOther(program: Program, block: string, { ports }: Servers): Promise<Front> {
  const text = page(block)
  if (program !== 'caddy') {
    const [port, second] = ports
    return run(program, text, { port, pages: { addresses: /^10\.0\.0\.2:/, port: second } })
  }
  const [, directives = ''] = /^chat\.example\.com \{\n(.*)\n\}/s.exec(text) ?? []
  return caddy(leadingTo(directives, ports), 'every')
}

function startOurs(block: string, { ports }: Servers): Promise<Front> {
  const { certFile, keyFile } = certificate()
  const text = leadingTo(page(block), ports)
    .replace(
      /address: [^,]+|(?<=^listen: ).+/m,
      (own) => `${own.startsWith('address') ? 'address: ' : ''}127.0.0.1:0`,
    )
    .replace('cert.pem', certFile)
    .replace('key.pem', keyFile)
  return startHoldfast({ config: `admin: 127.0.0.1:0\n${text}` })
}

const headersThatCount = [
  'host',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-gateway',
  'cookie',
  'sec-websocket-protocol',
  'origin',
]

/** What clients and servers see of a program in front. */
async function outcomeOf({ url }: Front, path: string, servers: Servers) {
  const before = servers.servers.map(({ connections }) => connections.length)
  const headers = { Host: 'chat.example.com', Cookie: 'sid=1', Origin: 'https://chat.example.com' }
  const client = (address: string) =>
    wsClient(`${url}${path}/room%2F1?token=2`, { protocols: ['chat.v2'], localAddress: address, headers })
  const places: number[][] = []
  for (const address of ['127.0.0.21', '127.0.0.22', '127.0.0.23']) {
    const seen: number[] = []
    for (let again = 0; again < 3; again++) {
      await using one = client(address)
      await one.opened
      one.send('there and back')
      expect(await one.message()).toBe('there and back')
      seen.push(newest(servers, before).index)
    }
    places.push(seen)
  }
  await using talker = client('127.0.0.21')
  await talker.opened
  const { connection } = newest(servers, before)
  const { request } = connection
  const url_ = request.url
  const fields = Object.fromEntries(headersThatCount.map((name) => [name, request.headers[name]]))
  connection.close(4001, 'enough')
  const closed = await talker.closed
  await using leaver = client('127.0.0.21')
  await leaver.opened
  const left = newest(servers, before).connection
  leaver.socket.close(4002, 'bye')
  const page = await get(url, `${path}/page?a=1`)
  return {
    subprotocol: talker.socket.protocol,
    path: url_,
    fields,
    closed,
    left: await left.closed,
    // One address, one server, each time.
    sticky: places.map((seen) => new Set(seen).size),
    page: { status: page.status, method: page.body.method, url: page.body.url },
  }
}

/** The newest connection at either server, which no call before has returned. */
function newest({ servers }: Servers, known: number[]) {
  for (const [index, { connections }] of servers.entries()) {
    if (connections.length > known[index]!) {
      known[index] = connections.length
      return { index, connection: connections.at(-1)! }
    }
  }
  throw new Error('no server has a new connection')
}

async function get(
  url: string,
  path: string,
): Promise<{ status: number; body: { method?: string; url?: string } }> {
  const { protocol, hostname, port } = new URL(url)
  const { request } = protocol === 'wss:' ? await import('node:https') : http
  const options = { hostname, port, path, headers: { Host: 'chat.example.com' }, rejectUnauthorized: false }
  return new Promise((resolve, reject) => {
    request(options, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece) => (text += piece))
      answer.on('end', () => resolve({ status: answer.statusCode!, body: JSON.parse(text) }))
    })
      .on('error', reject)
      .end()
  })
}

const pairs: [program: Program, block: string, ours: string][] = [
  ['nginx', 'nginx.conf', 'holdfast.yaml for nginx'],
  ['haproxy', 'haproxy.cfg', 'holdfast.yaml for HAProxy'],
  ['caddy', 'Caddyfile', 'holdfast.yaml for Caddy'],
]

test.each(pairs.map((pair) => [...pair, missing(pair[0])] as const))(
  'what clients and servers see through %s and %s, they see through Holdfast with %s',
  async (program, block, ours, absent) => {
    if (absent) return
    await using servers = await startServers()
    await using other = await startOther(program, block, servers)
    const wanted = await outcomeOf(other, '/chat', servers)
    await using holdfast = await startOurs(ours, servers)
    const seen = await outcomeOf(holdfast, '/chat', servers)
    // The test of Caddy's own block goes without the TLS that Caddy would have made for it.
    if (program === 'caddy') seen.fields['x-forwarded-proto'] = 'http'
    // nginx hands a path on decoded where it changes it, and the page says so.
    if (program === 'nginx') {
      expect(wanted.path).toBe('/room/1?token=2')
      wanted.path = '/room%2F1?token=2'
    }
    expect(seen).toEqual(wanted)
    expect(wanted).toMatchObject({
      path: '/room%2F1?token=2',
      subprotocol: 'chat.v2',
      sticky: [1, 1, 1],
      closed: { code: 4001 },
      fields: { 'x-gateway': 'edge', 'x-forwarded-for': '127.0.0.21' },
      page: { status: 200, url: '/page?a=1' },
    })
  },
)

test('what clients and servers see through proxy.mjs, they see through Holdfast', async () => {
  await using servers = await startServers()
  const port = await closedPort()
  using folder = folderWith({
    'proxy.mjs': leadingTo(page('proxy.mjs'), servers.ports).replace('8080', `${port}`),
  })
  await using child = new Child(process.execPath, [join(folder.path, 'proxy.mjs')])
  const url = `ws://127.0.0.1:${port}`
  await eventually('proxy.mjs to listen', () =>
    get(url, '/').then(
      () => true,
      () => child.exit !== undefined,
    ),
  )
  const wanted = await outcomeOf({ url, async [Symbol.asyncDispose]() {} }, '', servers)
  await using holdfast = await startOurs('holdfast.yaml for http-proxy', servers)
  const seen = await outcomeOf(holdfast, '', servers)
  expect(wanted.fields['x-gateway']).toBe('edge')
  // http-proxy says `ws` of a WebSocket, and the others `http`.
  expect(wanted.fields['x-forwarded-proto']).toBe('ws')
  expect(seen).toEqual({ ...wanted, fields: { ...wanted.fields, 'x-forwarded-proto': 'http' } })
})

test("Traefik's file is one that the doctor reads without a fault", () => {
  const { findings } = readProxyConfig([{ path: 'traefik.yaml', text: page('traefik.yaml') }])
  expect(findings.filter(({ level }) => level === 'error')).toEqual([])
})

describe.each(['partysocket.mjs', 'holdfast-client.mjs'])('%s', (name) => {
  test('sends what was said before there was a connection, and comes back after 1012', async () => {
    await using server: TestUpstream = await startUpstream()
    using folder = folderWith({ [name]: page(name).replace('127.0.0.1:8080', `127.0.0.1:${server.port}`) })
    await using child = new Child(process.execPath, [join(folder.path, name)])
    await child.line('the echo', (line) => (line === 'before there is a connection' ? line : undefined))
    ;(await server.connection()).close(1012, 'service restart; retry=50')
    await server.connection()
    await eventually('the return', () => child.stdout.filter((line) => line === 'open').length === 2)
    expect(child.stdout).toEqual(['open', 'before there is a connection', 'closed with 1012', 'open'])
  })
})
