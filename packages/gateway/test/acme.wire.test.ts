// Certificates that a whole gateway obtains by itself, from Pebble.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import {
  eventually,
  type Holdfast,
  once,
  runHoldfast,
  runtime,
  startHoldfast,
  startUpstream,
  type WsClientOptions,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { type AcmeAuthority, acmeAuthority, hasPebble } from './acme-authority.ts'
import { drain, state, upgrade } from './upgrading.ts'

/** A state directory that has survived a start: then nothing is waited for before the first order. */
function stateFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-state-'))
  mkdirSync(join(folder, 'acme'))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) }
}

interface Init {
  upstream: string
  folder: string
  acme?: object
  names?: string[]
  workers?: number
  more?: object
}

/** A gateway with a plain listener and one with `tls: auto`; the authority comes to these. */
async function serve(authority: AcmeAuthority, init: Init): Promise<Holdfast> {
  const holdfast = await startHoldfast({ config: configOf(authority, init) })
  const [plain, secure] = holdfast.urls.map((url) => Number(new URL(url).port))
  authority.targets.http = plain!
  authority.targets.tls = secure!
  return holdfast
}

function configOf(
  { directory, caFile }: AcmeAuthority,
  { upstream, folder, acme, names = ['chat.test'], workers = 1, more }: Init,
) {
  return {
    workers,
    drain,
    listen: ['127.0.0.1:0', { address: '127.0.0.1:0', tls: 'auto' }],
    acme: { agreed: true, directory, ca: caFile, email: 'admin@chat.test', ...acme },
    stateDirectory: folder,
    routes: names.map((name) => ({ name, match: { host: name }, upstreams: [upstream], wait: 'off' })),
    ...more,
  }
}

const portOf = (url: string) => Number(new URL(url).port)

/** Shakes hands by TLS with the listener that has it. */
async function dial(holdfast: Holdfast, servername: string | undefined, ca: string): Promise<tls.TLSSocket> {
  const port = portOf(holdfast.urls.find((url) => url.startsWith('wss'))!)
  const socket = tls.connect({ port, host: '127.0.0.1', ca, ...(servername && { servername }) })
  await once(socket, 'secureConnect')
  return socket.on('error', () => {})
}

async function serialOf(holdfast: Holdfast, name: string, ca: string): Promise<string> {
  const socket = await dial(holdfast, name, ca)
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

const refusal = (holdfast: Holdfast, name: string) =>
  dial(holdfast, name, '').then(
    (socket) => {
      socket.destroy()
      return 'no refusal'
    },
    (error: NodeJS.ErrnoException) => error.code,
  )

const obtained = (holdfast: Holdfast, name = 'chat.test') =>
  holdfast.waitForLog(
    `certificate for ${name}`,
    ({ msg, name: whose }) => whose === name && msg === 'certificate obtained',
  )

describe.skipIf(!hasPebble)('a first certificate', () => {
  test.each(['http-01', 'tls-alpn-01'])(
    'is obtained by %s at every worker, while WebSockets are served',
    async (challenge) => {
      using kept = stateFolder()
      await using upstream = await startUpstream()
      await using authority = await acmeAuthority()
      const init = { upstream: upstream.url, folder: kept.folder, acme: { challenge }, workers: 2 }
      await using holdfast = await serve(authority, init)
      const before = wsClient(holdfast.urls[0]!, { headers: { host: 'chat.test' } })
      await before.opened
      await obtained(holdfast)
      const root = await authority.root()
      for (let times = 0; times < 4; times++) {
        const socket = await dial(holdfast, 'chat.test', root)
        expect(socket.getPeerCertificate().subjectaltname).toBe('DNS:chat.test')
        socket.destroy()
      }
      expect(new Set(authority.looks)).toEqual(new Set([challenge === 'http-01' ? 'http' : 'tls']))
      const client = wsClient(holdfast.urls[1]!, {
        servername: 'chat.test',
        headers: { host: 'chat.test' },
      } as WsClientOptions)
      await client.opened
      client.send('hello')
      await client.message()
      before.send('still here')
      await before.message()
    },
  )
})

describe.skipIf(!hasPebble || runtime().name === 'bun')('fronts', () => {
  test('answer the authority, and show what it gives, a name that a reload adds too, while they and their clients stay', async () => {
    using kept = stateFolder()
    await using upstream = await startUpstream()
    await using authority = await acmeAuthority()
    const init: Init = {
      upstream: upstream.url,
      folder: kept.folder,
      acme: { challenge: 'tls-alpn-01' },
      workers: 2,
      more: { listen: [{ address: '127.0.0.1:0', tls: { auto: true, front: true } }] },
    }
    await using holdfast = await startHoldfast({ config: configOf(authority, init) })
    authority.targets.tls = portOf(holdfast.url)
    await obtained(holdfast)
    const root = await authority.root()
    const client = wsClient(holdfast.url, {
      servername: 'chat.test',
      headers: { host: 'chat.test' },
      ca: root,
    } as WsClientOptions)
    await client.opened
    const before = (await state(holdfast)).fronts!
    holdfast.writeConfig(configOf(authority, { ...init, names: ['chat.test', 'new.test'] }))
    expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 200 })
    await obtained(holdfast, 'new.test')
    for (let times = 0; times < 2; times++)
      expect(await serialOf(holdfast, 'new.test', root)).not.toBe(await serialOf(holdfast, 'chat.test', root))
    client.send('still here')
    await client.message()
    const after = await eventually('no other client is left', async () => {
      const { fronts = [] } = await state(holdfast)
      return fronts.reduce((sum, { connections }) => sum + connections, 0) === 1 && fronts
    })
    expect(after.map(({ pid, state }) => `${pid} ${state}`)).toEqual(before.map(({ pid }) => `${pid} ready`))
  })
})

describe.skipIf(!hasPebble)('without a certificate', () => {
  test('handshakes are refused at once, while the authority hangs and plain WebSockets are served; nothing self-signed goes out', async () => {
    using kept = stateFolder()
    await using upstream = await startUpstream()
    await using authority = await acmeAuthority()
    authority.answer = () => new Promise(() => {})
    await using holdfast = await serve(authority, { upstream: upstream.url, folder: kept.folder })
    expect(await refusal(holdfast, 'chat.test')).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
    expect(await refusal(holdfast, 'other.test')).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
    const line = await holdfast.waitForLog('the refusal', ({ msg }) =>
      msg.startsWith('TLS handshakes refused'),
    )
    expect(line).toMatchObject({ level: 40, name: 'chat.test' })
    const client = wsClient(holdfast.urls[0]!, { headers: { host: 'chat.test' } })
    await client.opened
    client.send('hello')
    await client.message()
    expect(await state(holdfast)).toMatchObject({
      certificates: [],
      acme: [{ name: 'chat.test', failures: 1 }],
    })
    const { body } = await holdfast.api('/metrics')
    expect(body).toContain('holdfast_acme_names_without_certificate 1')
    // Whoever offers what only an authority speaks is told nothing, either.
    const port = portOf(holdfast.urls[1]!)
    const probe = tls.connect({
      port,
      host: '127.0.0.1',
      servername: 'chat.test',
      ALPNProtocols: ['acme-tls/1'],
    })
    await expect(once(probe, 'secureConnect')).rejects.toThrow('unrecognized name')
    const status = await runHoldfast(['status', '--admin', holdfast.admin!])
    expect(status.stdout).toContain('no certificate for chat.test yet')
  })
})

describe.skipIf(!hasPebble)('a certificate that is there', () => {
  test('is shown by all listeners, after a reload that adds a name, a live upgrade, and a restart without an authority', async () => {
    using kept = stateFolder()
    await using upstream = await startUpstream()
    const authority = await acmeAuthority()
    const init: Init = {
      upstream: upstream.url,
      folder: kept.folder,
      more: { listen: ['127.0.0.1:0', ...Array(2).fill({ address: '127.0.0.1:0', tls: 'auto' })] },
    }
    let root: string
    let serial: string
    try {
      await using holdfast = await serve(authority, init)
      await obtained(holdfast)
      root = await authority.root()
      serial = await serialOf(holdfast, 'chat.test', root)
      const port = portOf(holdfast.urls[2]!)
      const other = tls.connect({ port, host: '127.0.0.1', ca: root, servername: 'chat.test' })
      await once(other, 'secureConnect')
      expect(other.getPeerCertificate().serialNumber).toBe(serial)
      other.destroy()
      // Who asks for no name is shown the first, and who asks for another is refused.
      const nobody = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
      await once(nobody, 'secureConnect')
      expect(nobody.getPeerCertificate().serialNumber).toBe(serial)
      nobody.destroy()
      expect(await refusal(holdfast, 'new.test')).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
      const client = wsClient(holdfast.urls[1]!, {
        servername: 'chat.test',
        headers: { host: 'chat.test' },
        ca: root,
      } as WsClientOptions)
      await client.opened
      holdfast.writeConfig(configOf(authority, { ...init, names: ['chat.test', 'new.test'] }))
      const reload = await holdfast.api('/api/reload', { method: 'POST' })
      expect(reload.body).toMatchObject({ drained: 0 })
      await obtained(holdfast, 'new.test')
      expect(await serialOf(holdfast, 'chat.test', root)).toBe(serial)
      expect(await serialOf(holdfast, 'new.test', root)).not.toBe(serial)
      if (runtime().name !== 'bun') {
        await upgrade(holdfast)
        expect(await serialOf(holdfast, 'chat.test', root)).toBe(serial)
      }
      client.send('still here')
      await client.message()
      expect((await state(holdfast)).acme).toMatchObject([{ name: 'chat.test', serial, failures: 0 }, {}])
    } finally {
      await authority[Symbol.asyncDispose]()
    }
    const config = configOf(authority, init)
    // The file of its authorities is gone with it.
    const web = join(kept.folder, 'web.pem')
    writeFileSync(web, authority.ca)
    await using again = await startHoldfast({ config: { ...config, acme: { ...config.acme, ca: web } } })
    expect(await serialOf(again, 'chat.test', root)).toBe(serial)
    expect(again.log.filter(({ msg }) => msg.includes('certificate'))).toEqual([])
  })

  test('is replaced when the authority says so, with another key, and no connection ends', async () => {
    using kept = stateFolder()
    await using upstream = await startUpstream()
    await using authority = await acmeAuthority({ nonceRejects: 30 })
    const init = { upstream: upstream.url, folder: kept.folder, acme: { challenge: 'tls-alpn-01' } }
    const keyOf = (holdfast: Holdfast, root: string) =>
      dial(holdfast, 'chat.test', root).then((socket) => {
        const { pubkey } = socket.getPeerCertificate()
        socket.destroy()
        return pubkey!.toString('hex')
      })
    {
      await using first = await serve(authority, init)
      await obtained(first)
      // In order, so that the right to order is given back.
      first.signal('SIGTERM')
      await first.exited
    }
    const base = authority.directory.replace(/\/dir$/, '')
    authority.alter = ({ path }, { body }) =>
      path === '/dir' ? JSON.stringify({ ...JSON.parse(body), renewalInfo: `${base}/renewal` }) : body
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    authority.answer = async ({ path }) => {
      if (!path.startsWith('/renewal/')) return undefined
      await held
      const suggestedWindow = { start: '2020-01-01T00:00:00Z', end: '2020-01-02T00:00:00Z' }
      return { status: 200, body: { suggestedWindow, explanationURL: 'https://ca.example/why' } }
    }
    await using holdfast = await serve(authority, init)
    const root = await authority.root()
    const before = await keyOf(holdfast, root)
    const client = wsClient(holdfast.urls[1]!, {
      servername: 'chat.test',
      headers: { host: 'chat.test' },
      ca: root,
    } as WsClientOptions)
    await client.opened
    release()
    await holdfast.waitForLog('the renewal', ({ msg }) => msg === 'certificate renewed')
    expect(await keyOf(holdfast, root)).not.toBe(before)
    client.send('still here')
    await client.message()
    expect(holdfast.log.find(({ explanation }) => explanation)).toMatchObject({
      explanation: 'https://ca.example/why',
    })
  })
})
