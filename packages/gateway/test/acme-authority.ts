// A real authority for certificates: Pebble, behind a server of the tests' own that sees what it is asked, hands it on, and
// answers in its place what Pebble 2.4 knows nothing of (windows to renew in, profiles, limits, being down).
import dgram from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import https from 'node:https'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authority, Child, eventually } from '@holdfast/testing'

const pebble = '/usr/bin/pebble'
/** False: the tests with a real authority are skipped (Debian's package `pebble`). */
export const hasPebble = existsSync(pebble)

export interface Asked {
  method: string
  path: string
  /** Of a signed request that says something. */
  payload?: Record<string, unknown>
}

export interface Said {
  status: number
  headers?: Record<string, string>
  body?: string | object
}

export interface AcmeAuthority extends AsyncDisposable {
  readonly directory: string
  /** For `acme.ca`: the file, and its content. */
  readonly caFile: string
  readonly ca: string
  /** All that was asked so far. */
  readonly asked: Asked[]
  /** New orders among it, by name. */
  readonly orders: string[]
  /** Answers in place of Pebble; undefined: Pebble does. */
  answer: (asked: Asked) => Said | undefined | Promise<Said | undefined>
  /** Changes what Pebble has answered. */
  alter: (asked: Asked, said: { status: number; body: string }) => string
  /** Where the authority comes to look: ports of the gateway. */
  readonly targets: { http?: number; tls?: number }
  /** What it came to look for, by kind. */
  readonly looks: ('http' | 'tls')[]
  /** Requests that are not answered yet. */
  readonly underWay: number
  /** As it was at the start: nothing asked, nothing changed. */
  reset(): void
  /** PEM of the root of what it gives. */
  root(): Promise<string>
}

/** `nonceRejects`: how many percent of good nonces Pebble refuses. */
export async function acmeAuthority({ nonceRejects = 0 } = {}): Promise<AcmeAuthority> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-acme-'))
  const own = authority('Holdfast Test Web')
  const web = own.issue({ names: ['127.0.0.1', 'localhost'] })
  const caFile = join(folder, 'web.pem')
  writeFileSync(caFile, own.cert)
  writeFileSync(join(folder, 'cert.pem'), web.cert)
  writeFileSync(join(folder, 'key.pem'), web.key)
  const targets: AcmeAuthority['targets'] = {}
  const looks: AcmeAuthority['looks'] = []
  const names = await nameServer()
  const http = await forwarder(
    () => targets.http,
    () => looks.push('http'),
  )
  const tls = await forwarder(
    () => targets.tls,
    () => looks.push('tls'),
  )
  const real = await startPebble(folder, { http: http.port, tls: tls.port, names: names.port, nonceRejects })
  const agent = new https.Agent({ keepAlive: true, ca: own.cert })
  const asked: Asked[] = []
  const open = new Set<ServerResponse>()
  const front = https.createServer(web, async (req, res) => {
    const parts: Buffer[] = []
    open.add(res)
    res.once('close', () => open.delete(res))
    for await (const part of req) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const one: Asked = { method: req.method!, path: req.url!, ...payloadOf(body) }
    asked.push(one)
    const instead = await result.answer(one)
    if (instead) {
      const { status, headers = {}, body: text = '' } = instead
      res.writeHead(status, headers).end(typeof text === 'string' ? text : JSON.stringify(text))
      return
    }
    const { method, url: path, headers } = req
    const options = { host: '127.0.0.1', port: real.port, method, path, headers, agent }
    const through = https.request(options, async (answer) => {
      const got: Buffer[] = []
      for await (const part of answer) got.push(part as Buffer)
      const status = answer.statusCode!
      const text = result.alter(one, { status, body: Buffer.concat(got).toString() })
      const kept = { ...answer.headers }
      // What is waited for is a tenth of a second away.
      for (const name of ['content-length', 'transfer-encoding', 'retry-after']) delete kept[name]
      res.writeHead(status, kept).end(text)
    })
    through.on('error', () => res.destroy())
    through.end(body)
  })
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  const result: AcmeAuthority = {
    directory: `https://127.0.0.1:${(front.address() as AddressInfo).port}/dir`,
    caFile,
    ca: own.cert,
    asked,
    get orders() {
      return asked
        .filter(({ path }) => path.startsWith('/order-plz'))
        .map(({ payload }) => (payload!.identifiers as { value: string }[])[0]!.value)
    },
    answer: () => undefined,
    alter: (_, { body }) => body,
    targets,
    looks,
    get underWay() {
      // Whoever has left before it was looked at closes nothing any more.
      return [...open].filter(({ closed, req }) => !closed && !req.socket.destroyed).length
    },
    reset() {
      asked.length = 0
      looks.length = 0
      result.answer = () => undefined
      result.alter = (_, { body }) => body
    },
    root: () => get(`https://127.0.0.1:${real.managementPort}/roots/0`, agent),
    async [Symbol.asyncDispose]() {
      agent.destroy()
      front.closeAllConnections()
      front.close()
      http.close()
      tls.close()
      names.close()
      await real.child[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  return result
}

function payloadOf(body: Buffer): Pick<Asked, 'payload'> {
  if (body.length === 0) return {}
  const { payload } = JSON.parse(body.toString()) as { payload: string }
  return payload === '' ? {} : { payload: JSON.parse(Buffer.from(payload, 'base64url').toString()) }
}

/** Pebble takes no port 0, so that another program may be faster. */
async function startPebble(
  folder: string,
  ports: { http: number; tls: number; names: number; nonceRejects: number },
): Promise<{ child: Child; port: number; managementPort: number }> {
  for (let tries = 1; ; tries++) {
    const [port, managementPort] = [await freePort(), await freePort()]
    const config = {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${managementPort}`,
      certificate: join(folder, 'cert.pem'),
      privateKey: join(folder, 'key.pem'),
      httpPort: ports.http,
      tlsPort: ports.tls,
      ocspResponderURL: '',
      externalAccountBindingRequired: false,
    }
    const file = join(folder, 'pebble.json')
    writeFileSync(file, JSON.stringify({ pebble: config }))
    const child = new Child(pebble, ['-config', file, '-dnsserver', `127.0.0.1:${ports.names}`], {
      PEBBLE_VA_NOSLEEP: '1',
      PEBBLE_AUTHZREUSE: '0',
      PEBBLE_WFE_NONCEREJECT: String(ports.nonceRejects),
    })
    const ready = await eventually('Pebble', async () => child.exit ?? canConnect(port), {
      detail: () => child.describe(),
    })
    if (ready === true) return { child, port, managementPort }
    await child[Symbol.asyncDispose]()
    if (tries === 5) throw new Error(`Pebble does not start: ${child.describe()}`)
  }
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function canConnect(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Every name is this machine. RFC 1035 4.1: the question is sent back, with an address behind it where one is asked for. */
async function nameServer() {
  const socket = dgram.createSocket('udp4')
  socket.on('message', (question, from) => {
    let end = 12
    while (question[end] !== 0) end += question[end]! + 1
    const type = question.readUInt16BE(end + 1)
    const asked = question.subarray(12, end + 5)
    const isAddress = type === 1
    const head = Buffer.from([question[0]!, question[1]!, 0x85, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0])
    const answer = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1])
    socket.send(Buffer.concat([head, asked, isAddress ? answer : Buffer.alloc(0)]), from.port, from.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return { port: socket.address().port, close: () => socket.close() }
}

/** A port that is known before that of the gateway is. */
async function forwarder(target: () => number | undefined, onLook: () => void) {
  const sockets = new Set<net.Socket>()
  const server = net.createServer((socket) => {
    onLook()
    const port = target()
    if (port === undefined) return socket.destroy()
    const other = net.connect(port, '127.0.0.1')
    for (const one of [socket, other]) {
      sockets.add(one)
      one
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(one)
          socket.destroy()
          other.destroy()
        })
    }
    socket.pipe(other).pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

async function get(url: string, agent: https.Agent): Promise<string> {
  const req = https.get(url, { agent })
  const [res] = await once(req, 'response')
  const parts: Buffer[] = []
  for await (const part of res) parts.push(part as Buffer)
  return Buffer.concat(parts).toString()
}
