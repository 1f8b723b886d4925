// Certificates of real gateways: which one is shown to whom, reloads, client certificates, and sessions that are resumed.
import { createPrivateKey } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import {
  authority,
  eventually,
  type Holdfast,
  type HoldfastOptions,
  h2Session,
  type Issued,
  type IssueOptions,
  once,
  readHead,
  runHoldfast,
  runtime,
  startHoldfast,
  startUpstream,
  type TestUpstream,
  upgradeRequest,
  type WsClientOptions,
  waitLimitMs,
  within,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { drain, onNode, state, upgrade } from './upgrading.ts'

const root = authority('Holdfast Test Root')

/** Files of certificates, and the text of a configuration that names them. */
class Files implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-certs-'))

  write(name: string, { cert, key }: Issued): { cert: string; key: string } {
    mkdirSync(this.folder, { recursive: true })
    const paths = { cert: join(this.folder, `${name}.pem`), key: join(this.folder, `${name}.key`) }
    writeFileSync(paths.cert, `${cert}${root.cert}`)
    writeFileSync(paths.key, key)
    return paths
  }

  issue(name: string, options: IssueOptions = {}) {
    return this.write(name, root.issue({ names: [name], ...options }))
  }

  text(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  [Symbol.dispose]() {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function serve(
  upstream: string | object,
  listener: object,
  { config, ...more }: HoldfastOptions & { config?: object } = {},
): Promise<Holdfast> {
  const listen = [{ address: '127.0.0.1:0', ...listener }]
  const routes = [{ name: 'all', upstreams: [upstream], badGateway: 'http', wait: 'off', attempts: 1 }]
  return startHoldfast({ ...more, config: { workers: 1, drain, listen, routes, ...config } })
}

const portOf = (holdfast: Holdfast) => Number(new URL(holdfast.url).port)

/** Connects by TLS; certificates are checked by the root of these tests. */
async function dial(
  holdfast: Holdfast,
  { onTicket = () => {}, ...options }: tls.ConnectionOptions & { onTicket?: (ticket: Buffer) => void } = {},
): Promise<tls.TLSSocket> {
  const socket = tls.connect({
    port: portOf(holdfast),
    host: '127.0.0.1',
    ca: root.cert,
    checkServerIdentity: () => undefined,
    ...options,
  })
  socket.on('session', onTicket)
  await once(socket, 'secureConnect')
  return socket.on('error', () => {})
}

/** `ws` hands these on to TLS, and its types do not say so. */
const named = (servername: string): WsClientOptions => ({ servername }) as WsClientOptions

/** The names in the certificate that is shown to who asks for one. */
async function shown(
  holdfast: Holdfast,
  servername: string | undefined,
  options: tls.ConnectionOptions = {},
) {
  const socket = await dial(holdfast, { servername, ...options })
  const { subjectaltname } = socket.getPeerCertificate()
  socket.destroy()
  return subjectaltname
}

describe('of several certificates', () => {
  test('the one for the name is shown, exact before wildcard before the first, whatever kinds of keys they have', async () => {
    using files = new Files()
    await using upstream = await startUpstream()
    const certificates = [
      files.issue('first.test'),
      files.issue('rsa.test', { key: 'rsa' }),
      files.issue('wild', { names: ['*.wild.test'], key: 'rsa' }),
      files.issue('x.wild.test'),
      // The same name with another kind of key: both are there for clients that know one.
      files.issue('first-rsa', { names: ['first.test'], key: 'rsa' }),
    ]
    await using holdfast = await serve(upstream.url, { tls: certificates })
    const ask = (name: string | undefined) => shown(holdfast, name)
    expect(await ask('first.test')).toBe('DNS:first.test')
    expect(await ask('rsa.test')).toBe('DNS:rsa.test')
    expect(await ask('RSA.Test')).toBe('DNS:rsa.test')
    expect(await ask('a.wild.test')).toBe('DNS:*.wild.test')
    expect(await ask('x.wild.test')).toBe('DNS:x.wild.test')
    for (const other of ['a.b.wild.test', 'wild.test', 'unknown.test', undefined])
      expect(await ask(other)).toBe('DNS:first.test')
    expect(await shown(holdfast, 'first.test', { sigalgs: 'rsa_pss_rsae_sha256' })).toBe('DNS:first.test')
    expect(await shown(holdfast, 'rsa.test', { maxVersion: 'TLSv1.2' })).toBe('DNS:rsa.test')
    // Behind each of them is the same gateway, over HTTP/1.1 and HTTP/2.
    for (const servername of ['first.test', 'rsa.test', 'x.wild.test']) {
      const client = wsClient(holdfast.url, named(servername))
      await client.opened
      client.send('hello')
      await client.message()
      client.close(1000)
      const socket = await dial(holdfast, { servername, ALPNProtocols: ['h2'] })
      expect(socket.alpnProtocol).toBe('h2')
      socket.destroy()
    }
  })

  test('a ClientHello may come in pieces, and what is none ends the connection', async () => {
    using files = new Files()
    await using upstream = await startUpstream()
    await using holdfast = await serve(upstream.url, { tls: [files.issue('a.test'), files.issue('b.test')] })
    const proxy = net.createServer((client) => {
      const server = net.connect({ port: portOf(holdfast), host: '127.0.0.1', noDelay: true })
      client.once('data', async (bytes) => {
        for (const byte of bytes) {
          server.write(Buffer.from([byte]))
          await new Promise((resolve) => setImmediate(resolve))
        }
        client.pipe(server)
      })
      server.pipe(client)
      for (const socket of [client, server]) socket.on('error', () => {})
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    const { port } = proxy.address() as net.AddressInfo
    expect(await shown(holdfast, 'b.test', { port })).toBe('DNS:b.test')
    proxy.close()
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00\x04\x02\x00\x00\x00']) {
      const socket = net.connect({ port: portOf(holdfast), host: '127.0.0.1' })
      socket.on('error', () => {}).resume()
      const closed = new Promise((resolve) => socket.on('close', resolve))
      socket.write(Buffer.from(bytes, 'latin1'))
      await within(waitLimitMs, 'the end of a connection without TLS', closed)
    }
    expect(await shown(holdfast, 'a.test')).toBe('DNS:a.test')
  })

  test('a reload swaps one of three under many connections: none ends, and the next handshake gets the new one', async () => {
    using files = new Files()
    await using upstream = await startUpstream()
    const names = ['a.test', 'b.test', 'c.test']
    const certificates = names.map((name) => files.issue(name))
    await using holdfast = await serve(upstream.url, { tls: certificates }, { config: { workers: 2 } })
    const serials = async () => {
      const found: Record<string, string> = {}
      for (const servername of names) {
        const socket = await dial(holdfast, { servername })
        found[servername] = socket.getPeerCertificate().serialNumber
        socket.destroy()
      }
      return found
    }
    const before = await serials()
    const clients = Array.from({ length: 500 }, (_, i) => wsClient(holdfast.url, named(names[i % 3]!)))
    await Promise.all(clients.map(({ opened }) => opened))
    files.issue('b.test')
    const { status, body } = await holdfast.api('/api/reload', { method: 'POST' })
    expect({ status, body }).toMatchObject({ status: 200, body: { drained: 0 } })
    expect(JSON.stringify(body)).toContain('has a new certificate')
    const after = await serials()
    expect(after).toMatchObject({ 'a.test': before['a.test'], 'c.test': before['c.test'] })
    expect(after['b.test']).not.toBe(before['b.test'])
    // With one that cannot be used nothing changes.
    writeFileSync(certificates[1]!.key, root.issue({ names: ['b.test'] }).key)
    const refused = await holdfast.api('/api/reload', { method: 'POST' })
    expect(JSON.stringify(refused.body)).toContain('listen[0].tls[1].key does not belong to the certificate')
    expect(await serials()).toEqual(after)
    for (const [i, client] of clients.entries()) client.send(`still here ${i}`)
    for (const [i, client] of clients.entries())
      expect(String(await client.message())).toBe(`still here ${i}`)
    for (const client of clients) client.close(1000)
  })

  onNode('PKCS#12 and encrypted keys are opened with passphrases from the environment', async () => {
    using files = new Files()
    await using upstream = await startUpstream()
    const fixture = readFileSync(new URL('../../../testing/fixtures/pkcs12.p12', import.meta.url))
    writeFileSync(join(files.folder, 'a.p12'), fixture)
    const certificates = [
      files.issue('a.test'),
      { pkcs12: join(files.folder, 'a.p12'), passphrase: '$P12_WORD' },
    ]
    await using holdfast = await serve(
      upstream.url,
      { tls: certificates },
      { env: { ...process.env, P12_WORD: 'secret' } },
    )
    expect(await shown(holdfast, 'pkcs12.test', { rejectUnauthorized: false })).toBe('DNS:pkcs12.test')
    expect(await shown(holdfast, 'a.test')).toBe('DNS:a.test')
  })
})

describe('client certificates', () => {
  const clients = authority('Clients')
  const alice = clients.issue({
    subject: [
      ['O', 'Example'],
      ['CN', 'alice'],
    ],
    usages: ['client'],
  })
  const mallory = authority('Others').issue({ subject: [['CN', 'alice']] })
  const forged = {
    'Holdfast-Client-Subject': 'CN=admin',
    'Holdfast-Client-Verified': 'yes',
    'Holdfast-Client-Fingerprint': '00',
    Holdfast_Client_Subject: 'CN=admin',
    'holdfast-client_verified': 'yes',
    HOLDFAST_CLIENT_FINGERPRINT: '00',
  }
  /** Everything about client certificates that the upstream got, by whatever spelling. */
  const told = (upstream: TestUpstream, at = -1) =>
    Object.entries(upstream.connections.at(at)!.request.headers).filter(([name]) =>
      /client.(?:v|s|f)/i.test(name),
    )
  const fingerprint = (socket: tls.TLSSocket) =>
    (socket.getCertificate() as tls.PeerCertificate).fingerprint256.replaceAll(':', '').toLowerCase()

  async function scene(files: Files, required: boolean) {
    const ca = files.text('clients.pem', clients.cert)
    const upstream = await startUpstream()
    const holdfast = await serve(upstream.url, {
      tls: files.issue('a.test'),
      clientCertificates: { ca, required },
    })
    return { upstream, holdfast }
  }

  test('are required: who has none of these authorities gets no further than TLS', async () => {
    using files = new Files()
    const { upstream, holdfast } = await scene(files, true)
    await using _ = holdfast
    await using __ = upstream
    for (const keys of [{}, mallory]) {
      const client = wsClient(holdfast.url, keys)
      await expect(client.opened).rejects.toThrow()
    }
    expect(upstream.connections).toHaveLength(0)
    const client = wsClient(holdfast.url, { ...alice, headers: forged })
    await client.opened
    expect(Object.fromEntries(told(upstream))).toEqual({
      'holdfast-client-verified': 'yes',
      'holdfast-client-subject': 'CN=alice,O=Example',
      'holdfast-client-fingerprint': expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    client.close(1000)
    // Plain HTTP is told the same.
    const answer = await new Promise<string>((resolve, reject) => {
      const request = https.get(
        holdfast.url.replace('wss', 'https'),
        { ...alice, rejectUnauthorized: false, headers: forged, agent: false },
        (response) => {
          let text = ''
          response.on('data', (part) => {
            text += part
          })
          response.on('end', () => resolve(text))
        },
      )
      request.on('error', reject)
    })
    expect(answer).toContain('CN=alice,O=Example')
    expect(answer).not.toContain('admin')
  })

  test('are asked for: the upstream is told whether there is one, and whether anybody vouches for it', async () => {
    using files = new Files()
    const { upstream, holdfast } = await scene(files, false)
    await using _ = holdfast
    await using __ = upstream
    const connect = async (keys: object) => {
      const client = wsClient(holdfast.url, { ...keys, headers: forged })
      await client.opened
      client.close(1000)
      return Object.fromEntries(told(upstream))
    }
    expect(await connect({})).toEqual({ 'holdfast-client-verified': 'none' })
    const unknown = await connect(mallory)
    expect(Object.keys(unknown).sort()).toEqual(['holdfast-client-fingerprint', 'holdfast-client-verified'])
    expect(unknown['holdfast-client-verified']).toBe('no')
    expect(await connect(alice)).toMatchObject({ 'holdfast-client-verified': 'yes' })
    const socket = await dial(holdfast, { ...alice, ALPNProtocols: ['h2'] })
    const print = fingerprint(socket)
    socket.destroy()
    const { session, websocket, [Symbol.asyncDispose]: end } = await h2Session(holdfast.url, alice)
    const stream = await websocket({
      headers: { 'holdfast-client-subject': 'CN=admin', holdfast_client_subject: 'x' },
    })
    expect(stream.status).toBe(200)
    expect(Object.fromEntries(told(upstream))).toMatchObject({
      'holdfast-client-subject': 'CN=alice,O=Example',
      'holdfast-client-fingerprint': print,
    })
    session.close()
    await end()
  })

  test('that a listener does not ask for are nobody\u2019s word: such fields are taken out', async () => {
    using files = new Files()
    await using upstream = await startUpstream()
    await using holdfast = await serve(upstream.url, { tls: files.issue('a.test') })
    const client = wsClient(holdfast.url, { ...alice, headers: forged })
    await client.opened
    expect(told(upstream)).toEqual([])
    client.close(1000)
  })

  test('are asked of everybody from the reload on that says so: nobody goes on without on an old HTTP connection', async () => {
    using files = new Files()
    await using upstream = await startUpstream()
    const certificate = files.issue('a.test')
    await using holdfast = await serve(upstream.url, { tls: certificate })
    const open = wsClient(holdfast.url)
    await open.opened
    const idle = await dial(holdfast, { ALPNProtocols: ['http/1.1'] })
    idle.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await readHead(idle)
    const ended = new Promise((resolve) => idle.on('close', resolve))
    idle.resume()
    const ca = files.text('clients.pem', clients.cert)
    holdfast.writeConfig({
      workers: 1,
      drain,
      listen: [{ address: '127.0.0.1:0', tls: certificate, clientCertificates: { ca } }],
      routes: [{ name: 'all', upstreams: [upstream.url], badGateway: 'http', wait: 'off', attempts: 1 }],
    })
    expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 200 })
    await within(waitLimitMs, 'the end of the idle connection', ended)
    await expect(wsClient(holdfast.url).opened).rejects.toThrow()
    const client = wsClient(holdfast.url, alice)
    await client.opened
    open.send('goes on')
    await open.message()
    for (const one of [open, client]) one.close(1000)
  })
})

describe('sessions', () => {
  /** Connects and asks for a WebSocket; what came of it, and the newest ticket. */
  async function visit(holdfast: Holdfast, options: tls.ConnectionOptions) {
    const tickets: Buffer[] = []
    const socket = await dial(holdfast, {
      servername: 'a.test',
      ...options,
      onTicket: (ticket) => tickets.push(ticket),
    })
    socket.write(upgradeRequest('wss://a.test/'))
    const head = await readHead(socket)
    const resumed = socket.isSessionReused()
    if (options.maxVersion === 'TLSv1.2') tickets.push(socket.getSession()!)
    socket.destroy()
    return { status: head?.startLine.split(' ')[1], resumed, ticket: tickets.at(-1) }
  }

  onNode.each(['TLSv1.3', 'TLSv1.2'] as const)(
    'of %s are resumed at every worker, after a reload, and after a live upgrade',
    async (version) => {
      using files = new Files()
      await using upstream = await startUpstream()
      const certificates = [files.issue('a.test'), files.issue('b.test')]
      await using holdfast = await serve(upstream.url, { tls: certificates }, { config: { workers: 3 } })
      let { ticket } = await visit(holdfast, { maxVersion: version })
      const again = async () => {
        for (let i = 0; i < 6; i++) {
          const now = await visit(holdfast, { maxVersion: version, session: ticket })
          expect(now).toMatchObject({ status: '101', resumed: true })
          // Node gives no new ticket of TLS 1.3 to who has resumed.
          ticket = now.ticket ?? ticket
        }
      }
      await again()
      const { workers } = await state(holdfast)
      expect(workers).toHaveLength(3)
      files.issue('b.test')
      await holdfast.api('/api/reload', { method: 'POST' })
      await again()
      await upgrade(holdfast)
      await again()
    },
  )

  onNode(
    'of a listener that asks clients for certificates are of no use where others are asked for',
    async () => {
      using files = new Files()
      await using upstream = await startUpstream()
      const [first, second] = [authority('First'), authority('Second')]
      const listener = (ca: Issued, name: string) => ({
        tls: files.issue('a.test'),
        clientCertificates: { ca: files.text(name, ca.cert) },
      })
      const before = listener(first, 'first.pem')
      await using holdfast = await serve(upstream.url, before)
      const keys = first.issue({ subject: [['CN', 'x']] })
      const { ticket } = await visit(holdfast, keys)
      const again = () => visit(holdfast, { ...keys, session: ticket })
      expect(await again()).toMatchObject({ status: '101', resumed: true })
      const { routes, listen } = JSON.parse(readFileSync(holdfast.configFile!, 'utf8'))
      const clientCertificates = { ca: files.text('second.pem', second.cert) }
      holdfast.writeConfig({ workers: 1, drain, routes, listen: [{ ...listen[0], clientCertificates }] })
      expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 200 })
      // A client of TLS 1.3 is done before the server has looked at its certificate.
      expect(await again()).toMatchObject({ status: undefined, resumed: false })
    },
  )
})

describe('upstreams with TLS', () => {
  test('are shown the certificate of the gateway, whose key may be encrypted', async () => {
    using files = new Files()
    const gateways = authority('Gateways')
    const own = gateways.issue({ subject: [['CN', 'gateway-1']], usages: ['client'] })
    const seen: (string | undefined)[] = []
    const server = tls.createServer(
      {
        ...root.issue({ names: ['backend.internal'] }),
        ca: gateways.cert,
        requestCert: true,
        rejectUnauthorized: true,
      },
      (socket) => {
        seen.push(socket.getPeerCertificate().subject?.CN as string | undefined)
        socket.on('error', () => {}).end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n')
      },
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `wss://127.0.0.1:${(server.address() as net.AddressInfo).port}`
    const locked = createPrivateKey(own.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'word' })
      .toString()
    const paths = files.write('gateway', { cert: own.cert, key: locked })
    const secure = { ca: files.text('root.pem', root.cert), serverName: 'backend.internal', ...paths }
    await using holdfast = await serve(
      { url, tls: { ...secure, passphrase: '$KEY_WORD' } },
      { tls: files.issue('a.test') },
      { env: { ...process.env, KEY_WORD: 'word' } },
    )
    const client = wsClient(holdfast.url)
    expect((await client.refused).status).toBe(403)
    expect(seen).toEqual(['gateway-1'])
    server.close()
  })
})

describe('what the operator is told', () => {
  test('validate names line and fix of what is wrong with certificates', async () => {
    using files = new Files()
    const day = 24 * 3_600_000
    const expired = files.issue('old.test', { from: Date.now() - 9 * day, to: Date.now() - day })
    const early = files.issue('early.test', { from: Date.now() + day })
    const good = files.issue('good.test')
    const run = async (listener: string[]) => {
      const config = [
        'listen:',
        '  - address: 127.0.0.1:0',
        ...listener.map((line) => `    ${line}`),
        'routes: [{ name: a, match: { host: chat.example.com }, upstreams: [ws://127.0.0.1:1] }]',
      ]
      const file = files.text('holdfast.yaml', config.join('\n'))
      const { code, stdout, stderr } = await runHoldfast(['validate', '-c', file], {
        env: { ...process.env, WRONG: 'wrong', HOLDFAST_NONE: undefined },
      })
      return { code, text: `${stdout}${stderr}`.replaceAll(`${files.folder}/`, '') }
    }
    const entry = ({ cert, key }: { cert: string; key: string }) => `  - { cert: ${cert}, key: ${key} }`
    const warned = await run(['tls:', entry(expired), entry(early), entry(good), entry(good)])
    expect(warned.code).toBe(0)
    expect(warned.text).toMatch(
      /holdfast\.yaml:4:17: warning: listen\[0\]\.tls\[0\]\.cert expired on .*; clients will refuse it/,
    )
    expect(warned.text).toMatch(
      /holdfast\.yaml:5:17: warning: listen\[0\]\.tls\[1\]\.cert is not valid before /,
    )
    expect(warned.text).toContain(
      'listen[0].tls[3] is never shown: certificates before it have all of its names; remove it',
    )
    expect(warned.text).toContain(
      'routes[0].match.host is a name that no certificate bears, so that clients of wss refuse it; there is old.test, early.test or good.test; add a certificate',
    )
    const refused = await run([
      'tls:',
      `  - { cert: ${good.cert}, key: ${early.key} }`,
      `  - { cert: ${good.cert}, key: ${good.key}, passphrase: $HOLDFAST_NONE }`,
    ])
    expect(refused.code).toBe(1)
    expect(refused.text).toMatch(
      /holdfast\.yaml:4:\d+: listen\[0\]\.tls\[0\]\.key does not belong to the certificate; use the key/,
    )
    expect(refused.text).toMatch(
      /holdfast\.yaml:5:\d+: listen\[0\]\.tls\[1\]\.passphrase names the variable HOLDFAST_NONE, which is not set/,
    )
    const written = await run([
      'tls:',
      `  - { cert: ${good.cert} }`,
      `  - { cert: ${good.cert}, key: ${good.key}, passphrase: swordfish }`,
    ])
    expect(written.code).toBe(1)
    expect(written.text).toMatch(
      /holdfast\.yaml:4:\d+: missing key 'key' in listen\[0\]\.tls\[0\]; give the path of a PEM file/,
    )
    expect(written.text).toMatch(
      /holdfast\.yaml:5:\d+: listen\[0\]\.tls\[1\]\.passphrase must be a variable such as \$CERT_PASSPHRASE; set it/,
    )
    expect(written.text).not.toContain('swordfish')
    const plain = await run([`clientCertificates: { ca: ${good.cert} }`])
    expect(plain.text).toMatch(/:3:\d+: listen\[0\]\.clientCertificates needs tls/)
    const inside = await run([
      'tls:',
      `  cert: ${good.cert}`,
      `  key: ${good.key}`,
      `  clientCertificates: { ca: ${good.cert} }`,
    ])
    expect(inside.text).toMatch(
      /:6:\d+: unknown key 'clientCertificates' in listen\[0\]\.tls; write clientCertificates: \{ ca: FILE \} beside/,
    )
  })

  test('metrics say how long each certificate is good, and status warns of those that end soon', async () => {
    using files = new Files()
    const day = 24 * 3_600_000
    const soon = files.issue('soon.test', {
      from: Date.now() - 88 * day,
      to: Date.now() + 2 * day + 3_600_000,
    })
    await using upstream = await startUpstream()
    await using holdfast = await serve(upstream.url, { tls: [files.issue('good.test'), soon] })
    const scrape = async () => String((await holdfast.api('/metrics')).body)
    const text = await scrape()
    const left = (name: string) =>
      Number(
        new RegExp(
          `^holdfast_certificate_seconds_left\\{listener="127.0.0.1:0",name="${name}"\\} (\\S+)$`,
          'm',
        ).exec(text)?.[1],
      )
    expect(left('soon.test') / 86_400).toBeCloseTo(2, 0)
    expect(left('good.test') / 86_400).toBeCloseTo(90, 0)
    const status = async () => (await runHoldfast(['status', '--admin', holdfast.admin!])).stdout
    expect(await status()).toMatch(
      /the certificate of soon\.test on 127\.0\.0\.1:0 expires in 2 ?d.*: renew it, and reload/,
    )
    expect(await status()).not.toContain('good.test')
    files.issue('soon.test')
    await holdfast.api('/api/reload', { method: 'POST' })
    await eventually('a status without a warning', async () => !(await status()).includes('soon.test'))
  })
})

test.runIf(runtime().name === 'bun')('PKCS#12 on Bun is refused with what to do', async () => {
  using files = new Files()
  const fixture = readFileSync(new URL('../../../testing/fixtures/pkcs12.p12', import.meta.url))
  writeFileSync(join(files.folder, 'a.p12'), fixture)
  const config = {
    listen: [{ address: '127.0.0.1:0', tls: { pkcs12: 'a.p12', passphrase: '$WORD' } }],
    routes: [{ name: 'a', upstreams: ['ws://127.0.0.1:1'] }],
  }
  const file = files.text('holdfast.yaml', JSON.stringify(config))
  const { code, stderr } = await runHoldfast(['validate', '-c', file], {
    env: { ...process.env, WORD: 'secret' },
  })
  expect(code).toBe(1)
  expect(stderr).toContain('make PEM of it: openssl pkcs12')
})
