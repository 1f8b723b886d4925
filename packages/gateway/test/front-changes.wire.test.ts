// What changes while fronts run: the configuration, their own code, who of them takes a client that comes back.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import tls from 'node:tls'
import {
  authority,
  certificate,
  eventually,
  gone,
  type Holdfast,
  once,
  runHoldfast,
  startUpstream,
  type WsClient,
  wsClient,
} from '@holdfast/testing'
import { expect } from 'vitest'
import { installation } from './installation.ts'
import { drain, onNode, ownFolder, serve, state, upgrade } from './upgrading.ts'

const first = certificate()
const listenerOf = (
  { certFile: cert, keyFile: key }: Pick<typeof first, 'certFile' | 'keyFile'>,
  front: boolean,
) => ({
  address: '127.0.0.1:0',
  tls: { cert, key, front },
})

/** Another certificate, in files of its own. */
function another(folder: string) {
  const { cert, key } = authority('Another').issue({ names: ['localhost'] })
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  writeFileSync(certFile, cert)
  writeFileSync(keyFile, key)
  return { certFile, keyFile }
}

async function frontsOf(holdfast: Holdfast) {
  return (await state(holdfast)).fronts ?? []
}

/** Fronts, once they have said so. */
function fronts(holdfast: Holdfast, ...wanted: string[]) {
  return eventually(`fronts: ${wanted.join(', ') || 'none'}`, async () => {
    const all = await frontsOf(holdfast)
    const said = all.map(({ state, connections }) => `${state} ${connections}`).sort()
    return said.join() === wanted.join() && all
  })
}

async function reload(holdfast: Holdfast): Promise<void> {
  expect(await holdfast.api('/api/reload', { method: 'POST' })).toMatchObject({ status: 200 })
}

async function echoes(...clients: WsClient[]): Promise<void> {
  for (const client of clients) {
    client.send('hello')
    expect(await client.message()).toBe('hello')
  }
}

async function opened(url: string): Promise<WsClient> {
  const client = wsClient(url)
  await client.opened
  return client
}

async function handshake(url: string, more: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
  const { hostname: host, port } = new URL(url)
  const socket = tls.connect({ host, port: Number(port), rejectUnauthorized: false, ...more })
  await once(socket, 'secureConnect')
  return socket.on('error', () => {})
}

async function serialOf(url: string): Promise<string> {
  const socket = await handshake(url)
  const { serialNumber } = socket.getPeerCertificate()
  socket.destroy()
  return serialNumber
}

onNode(
  'a reload switches fronts on and off, changes a certificate, adds and removes a listener; nobody ends',
  async () => {
    await using upstream = await startUpstream()
    using own = ownFolder()
    const second = another(own.folder)
    const routes = [{ name: 'all', upstreams: [upstream.url] }]
    // The one worker listens itself where there are no fronts.
    const configOf = (...listen: object[]) => ({ workers: 1, drain, routes, listen })
    const other = { ...listenerOf(first, true), address: '127.0.0.2:0' }
    await using holdfast = await serve(upstream.url, { config: configOf(listenerOf(first, false)) })
    const change = (...listen: object[]) => {
      holdfast.writeConfig(configOf(...listen))
      return reload(holdfast)
    }
    const { url } = holdfast
    await using before = await opened(url)
    expect(await frontsOf(holdfast)).toEqual([])
    await change(listenerOf(first, true))
    await using behind = await opened(url)
    const [front] = await fronts(holdfast, 'ready 1')
    const serial = await serialOf(url)
    await change(listenerOf(second, true), other)
    expect(await serialOf(url)).not.toBe(serial)
    const urls = (await state(holdfast)).listen
    await using elsewhere = await opened(urls.find((one) => one.includes('127.0.0.2'))!)
    await change(listenerOf(second, true))
    await echoes(before, behind, elsewhere)
    await elsewhere[Symbol.asyncDispose]()
    await fronts(holdfast, 'ready 1')
    await change(listenerOf(second, false))
    const [left] = await fronts(holdfast, 'leaving 1')
    expect(left!.pid).toBe(front!.pid)
    await using after = await opened(url)
    await echoes(before, behind, after)
    await fronts(holdfast, 'leaving 1')
    await behind[Symbol.asyncDispose]()
    await fronts(holdfast)
    await gone([front!.pid])
    await change(listenerOf(second, true))
    await using last = await opened(url)
    await fronts(holdfast, 'ready 1')
    await echoes(before, after, last)
  },
)

onNode('fronts whose folder somebody removes are replaced, and keep the clients that they have', async () => {
  await using upstream = await startUpstream()
  using own = ownFolder()
  await using holdfast = await serve(upstream.url, {
    env: own.env,
    config: { listen: [listenerOf(first, true)] },
  })
  await using client = await opened(holdfast.url)
  const before = (await fronts(holdfast, 'ready 0', 'ready 1')).map(({ pid }) => pid)
  for (const name of own.temporary()) rmSync(join(own.folder, name), { recursive: true })
  await eventually('others', async () => {
    // Whoever finds out sees TCP end, and comes back.
    const next = wsClient(holdfast.url)
    await next.opened.catch(() => {})
    next.socket.terminate()
    const ready = (await frontsOf(holdfast)).filter(({ state }) => state === 'ready')
    return ready.length === 2 && ready.every(({ pid }) => !before.includes(pid))
  })
  await using next = await opened(holdfast.url)
  await echoes(client, next)
})

onNode('a session of TLS is resumed at another front', async () => {
  await using upstream = await startUpstream()
  await using holdfast = await serve(upstream.url, { config: { listen: [listenerOf(first, true)] } })
  // It stays, so that the next one is for the other front.
  const one = await handshake(holdfast.url)
  const sessions: Buffer[] = []
  one.on('session', (session: Buffer) => sessions.push(session))
  one.resume().write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await eventually('a ticket', () => sessions.length > 0)
  const other = await handshake(holdfast.url, { session: sessions.at(-1)! })
  expect(other.isSessionReused()).toBe(true)
  for (const socket of [one, other]) socket.destroy()
})

onNode(
  'a version that does TLS in another way has fronts of its own; the old ones end behind their last client',
  async () => {
    await using upstream = await startUpstream()
    using installed = installation('1.0.0')
    const { main } = installed
    await using holdfast = await serve(upstream.url, { main, config: { listen: [listenerOf(first, true)] } })
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await runHoldfast(['upgrade', ...args, '--admin', holdfast.admin!])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      return stdout
    }
    const dryRun = () => run('--dry-run')
    await using client = await opened(holdfast.url)
    const before = await fronts(holdfast, 'ready 0', 'ready 1')
    expect(await dryRun()).toContain(
      'clients over TLS: 1 would move\nfronts would stay as they are, with 1 connection\n',
    )
    expect(await run('--dry-run', '--no-carry')).toContain(
      'fronts would be replaced, and 1 connection told 1012, spread: nothing is to be carried\n',
    )
    installed.install('1.1.0')
    expect(await upgrade(holdfast)).toMatchObject({ to: '1.1.0', moved: 1 })
    expect(await frontsOf(holdfast)).toMatchObject(before.map(({ pid }) => ({ pid, version: '1.0.0' })))

    installed.install('2.0.0')
    const revision = join(dirname(main), '../../@holdfast/gateway/dist/worker/front-revision.js')
    const code = readFileSync(revision, 'utf8')
    writeFileSync(revision, code.replace(/frontRevision = \d+/, 'frontRevision = 1000'))
    expect(await dryRun()).toContain(
      'fronts would be replaced, since the new version does TLS in another way; the old ones would stay for 1 connection\n',
    )
    expect(await run()).toContain('2 fronts were replaced; the old ones end behind their last client')
    const both = await fronts(holdfast, 'leaving 1', 'ready 0', 'ready 0')
    expect(both.filter(({ state }) => state === 'ready').map(({ version }) => version)).toEqual([
      '2.0.0',
      '2.0.0',
    ])
    await using next = await opened(holdfast.url)
    await fronts(holdfast, 'leaving 1', 'ready 0', 'ready 1')
    await echoes(client, next)
    const { stdout } = await runHoldfast(['status', '--admin', holdfast.admin!])
    expect(stdout).toMatch(/^FRONT[\s\S]*ready +2 +2\.0\.0[\s\S]*leaving +1 +1\.0\.0/m)
    await client[Symbol.asyncDispose]()
    await fronts(holdfast, 'ready 0', 'ready 1')
    await gone(before.map(({ pid }) => pid))
    expect(await dryRun()).toContain('fronts would stay as they are, with 1 connection\n')
  },
)
