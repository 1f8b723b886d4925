// Certificates obtained and renewed, with a clock that the tests turn: Pebble is real, what it cannot do is answered in its place
// (acme-authority.ts).
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FakeClock, fakeClock, authority as testAuthority, waitLimitMs } from '@holdfast/testing'
import pino from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { AcmeManager, type AcmeWish } from '../src/acme/index.ts'
import type { AcmeShared } from '../src/core/acme-shared.ts'
import type { AcmeOptions } from '../src/core/options.ts'
import { type AcmeAuthority, acmeAuthority, hasPebble, type Said } from './acme-authority.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** An order takes a second of a busy machine. */
const many = process.env.HOLDFAST_FULL ? 50 : 11

/** One gateway's manager, with a port 80 of its own. */
class Host implements AsyncDisposable {
  readonly clock: FakeClock
  readonly folder: string
  readonly lines: Record<string, unknown>[] = []
  shared: AcmeShared | undefined
  /** Whether time goes on while the authority is asked. */
  hangs = false
  readonly manager: AcmeManager
  readonly #web = http.createServer((req, res) => {
    const token = req.url!.replace('/.well-known/acme-challenge/', '')
    const answer = this.shared?.challenges.http[token]
    res.writeHead(answer === undefined ? 404 : 200).end(answer ?? 'no such token')
  })
  readonly #own: boolean

  readonly authority: AcmeAuthority

  constructor(
    by: AcmeAuthority,
    { folder, clock = fakeClock(Date.now()) }: { folder?: string; clock?: FakeClock } = {},
  ) {
    this.authority = by
    this.#own = folder === undefined
    this.folder = folder ?? mkdtempSync(join(tmpdir(), 'holdfast-state-'))
    this.clock = clock
    const log = pino({ level: 'debug' }, { write: (line: string) => void this.lines.push(JSON.parse(line)) })
    this.manager = new AcmeManager({
      log,
      clock,
      random: () => 0,
      version: '0',
      publish: async (shared) => {
        this.shared = shared
      },
    })
  }

  wish(options: Partial<AcmeOptions> = {}, challenges: AcmeWish['challenges'] = ['http-01']): AcmeWish {
    const { directory, ca } = this.authority
    const all: AcmeOptions = {
      agreed: true,
      directory,
      ca,
      names: ['a.test'],
      challenge: 'auto',
      stateDirectory: this.folder,
      ...options,
    }
    return { options: all, challenges }
  }

  async start(options: Partial<AcmeOptions> = {}, challenges?: AcmeWish['challenges']): Promise<void> {
    if (!this.#web.listening) {
      this.#web.listen(0, '127.0.0.1')
      await once(this.#web, 'listening')
    }
    this.authority.targets.http = (this.#web.address() as AddressInfo).port
    await this.manager.configure(this.wish(options, challenges))
    this.manager.start()
  }

  /** Turns the clock in small steps while the authority works, until `done` gives something. */
  async until<T>(what: string, done: () => T | undefined | false, stepMs = 100): Promise<T> {
    const deadline = performance.now() + waitLimitMs
    for (;;) {
      const value = done()
      if (value !== undefined && value !== false) return value
      if (performance.now() > deadline)
        throw new Error(`not: ${what}; log: ${JSON.stringify(this.lines.slice(-5))}`)
      // The authority is real, and takes real time.
      if (this.authority.underWay === 0 || this.hangs) await this.clock.advance(stepMs)
      await new Promise((resolve) => setTimeout(resolve, 8))
    }
  }

  /** Lets time pass, with real time for what begins meanwhile. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.wall() + ms
    await this.until('the time', () => this.clock.wall() >= end, ms / 100)
  }

  /** Resolves with the next line of the log that says this. */
  line(msg: string, after = this.lines.length): Promise<Record<string, unknown>> {
    return this.until(msg, () => this.lines.slice(after).find((line) => line.msg === msg))
  }

  get serials(): string[] {
    return (this.shared?.certificates ?? []).map(({ cert }) => new X509Certificate(cert).serialNumber)
  }

  /** The folder of the one authority. */
  get files(): string {
    const root = join(this.folder, 'acme')
    return join(root, readdirSync(root)[0]!)
  }

  async [Symbol.asyncDispose]() {
    this.manager.stop()
    this.#web.closeAllConnections()
    this.#web.close()
    if (this.#own) rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 })
  }
}

const obtained = 'certificate obtained'
const renewed = 'certificate renewed'
const failedFirst = 'no certificate could be obtained: TLS handshakes for this name are refused'
const notRenewed = 'a certificate was not renewed; the one before is shown'

const isOrder = ({ path }: { path: string }) => path.startsWith('/order-plz')
const problem = (
  status: number,
  type: string,
  detail: string,
  headers: Record<string, string> = {},
): Said => ({
  status,
  headers: { 'content-type': 'application/problem+json', ...headers },
  body: { type: `urn:ietf:params:acme:error:${type}`, detail },
})

let authority: AcmeAuthority

beforeAll(async () => {
  if (hasPebble) authority = await acmeAuthority()
})
beforeEach(() => authority?.reset())
afterAll(() => authority?.[Symbol.asyncDispose]())

describe.skipIf(!hasPebble)('a certificate', () => {
  test('is ordered ten seconds after a start in a new folder, and at once where the folder has survived one', async () => {
    await using host = new Host(authority)
    await host.start()
    await host.pass(9_800)
    expect(authority.asked).toEqual([])
    await host.line(obtained)
    const [serial] = host.serials
    // The next start shows it, and asks for no other.
    await using next = new Host(authority, { folder: host.folder })
    host.manager.stop()
    await next.start()
    expect(next.serials).toEqual([serial])
    await next.pass(day)
    expect(authority.orders).toEqual(['a.test'])
    const file = join(host.files, 'certificates/a.test.pem')
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600')
    expect((statSync(join(host.files, 'account.json')).mode & 0o777).toString(8)).toBe('600')
    // One that has lost its folder has another account, and waits again.
    await using lost = new Host(authority)
    await lost.start()
    await lost.pass(9_800)
    expect(authority.orders).toHaveLength(1)
    await lost.line(obtained)
    expect(lost.serials).not.toEqual([serial])
  })

  test('is renewed after two thirds of its life, with another key; it is shown until the new one is on the disk', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    await host.start()
    await host.line(obtained)
    const before = host.shared!.certificates[0]!
    const read = new X509Certificate(before.cert)
    const [from, to] = [Date.parse(read.validFrom), Date.parse(read.validTo)]
    const at = from + ((to - from) * 2) / 3
    await host.clock.advance(at - host.clock.wall() - minute)
    expect(authority.orders).toHaveLength(1)
    host.clock.tick(minute)
    const folder = join(host.files, 'certificates')
    authority.alter = (_, { body }) => {
      if (body.includes('BEGIN CERTIFICATE')) expect(host.serials).toEqual([read.serialNumber])
      return body
    }
    await host.line(renewed)
    const after = host.shared!.certificates[0]!
    expect(after.key).not.toBe(before.key)
    expect(readFileSync(join(folder, 'a.test.pem'), 'utf8')).toBe(`${after.key}${after.cert}`)
    expect(host.manager.orders).toEqual({ issued: 2 })
  })

  test('of six days, by its profile, is renewed after four, and never stops being so', async () => {
    const root = testAuthority('Short')
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    const profiles: unknown[] = []
    authority.answer = (asked) => {
      if (isOrder(asked)) profiles.push(asked.payload!.profile)
      return undefined
    }
    authority.alter = ({ path }, { body }) => {
      if (path === '/dir') {
        const directory = JSON.parse(body)
        return JSON.stringify({ ...directory, meta: { ...directory.meta, profiles: { shortlived: 'x' } } })
      }
      if (!body.includes('BEGIN CERTIFICATE')) return body
      const { publicKey } = new X509Certificate(body)
      const now = host.clock.wall()
      return root.issue({ names: ['a.test'], publicKey, from: now, to: now + 160 * hour }).cert
    }
    await host.start({ profile: 'shortlived' })
    await host.line(obtained)
    for (let times = 1; times <= 5; times++) {
      const count = authority.orders.length
      await host.pass(106 * hour)
      expect(authority.orders).toHaveLength(count)
      host.clock.tick(hour)
      await host.line(renewed)
    }
    expect(profiles).toEqual(Array(6).fill('shortlived'))
    // One that the authority does not have is not asked for.
    await host.start({ profile: 'longlived' })
    host.clock.tick(110 * hour)
    expect(await host.line(notRenewed)).toMatchObject({
      failure: 'refused',
      error: "the authority has no profile 'longlived'; it has: shortlived",
    })
  })

  test('is renewed when the authority suggests, also at once; and without the word of which it replaces when that is refused', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    const wide = { start: 10 * day, end: 12 * day }
    let window = wide
    const replaces: unknown[] = []
    const base = authority.directory.replace('/dir', '')
    authority.alter = ({ path }, { body }) =>
      path === '/dir' ? JSON.stringify({ ...JSON.parse(body), renewalInfo: `${base}/renewal` }) : body
    authority.answer = (asked) => {
      if (asked.path.startsWith('/renewal/')) {
        const [start, end] = [window.start, window.end].map((ms) => new Date(began + ms).toISOString())
        return { status: 200, headers: { 'retry-after': '21600' }, body: { suggestedWindow: { start, end } } }
      }
      if (!isOrder(asked)) return undefined
      replaces.push(asked.payload!.replaces)
      if (!asked.payload!.replaces) return undefined
      return problem(409, 'alreadyReplaced', 'it was replaced already')
    }
    const began = host.clock.wall()
    await host.start()
    await host.line(obtained)
    await host.line('the authority says when a certificate is to be renewed')
    const [certificate] = host.shared!.certificates
    expect(host.manager.infos[0]!.orderAt).toBe(began + wide.start)
    const asked = () =>
      authority.asked.filter(({ path }) => path.startsWith('/renewal/')).map(({ path }) => path.slice(9))
    const [id] = asked()
    const [identifier, serial] = id!
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('hex').toUpperCase())
    const read = new X509Certificate(certificate!.cert)
    expect(serial!.replace(/^00/, '')).toBe(read.serialNumber)
    expect(identifier).toMatch(/^[0-9A-F]{8,}$/)
    // All are to be replaced today: within the six hours after which it asks again, it knows.
    window = { start: -day, end: -hour }
    await host.clock.advance(6 * hour)
    await host.line(renewed)
    expect(replaces).toEqual([undefined, id, undefined])
    expect(host.serials).not.toEqual([read.serialNumber])
  })

  test('is obtained for each of many names, one at a time, and one name that fails keeps no other from its own', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    const names = Array.from({ length: many }, (_, i) => `n${i}.test`)
    let open = 0
    let most = 0
    authority.answer = (asked) => {
      if (!isOrder(asked)) return undefined
      most = Math.max(most, ++open)
      const [{ value }] = asked.payload!.identifiers as [{ value: string }]
      if (value !== 'n7.test') return undefined
      open--
      return problem(403, 'rejectedIdentifier', 'not this one')
    }
    authority.alter = (_, { body }) => {
      if (body.includes('BEGIN CERTIFICATE')) open--
      return body
    }
    await host.start({ names })
    await host.until(
      'all but one',
      () =>
        host.serials.length === many - 1 &&
        !host.manager.infos.some(({ name, failures }) => failures > 0 && name !== 'n7.test'),
    )
    expect(most).toBe(1)
    expect(host.shared!.certificates.map(({ cert }) => new X509Certificate(cert).subjectAltName)).toEqual(
      names.filter((name) => name !== 'n7.test').map((name) => `DNS:${name}`),
    )
    expect(host.manager.infos[7]).toMatchObject({
      name: 'n7.test',
      error: expect.stringContaining('not this one'),
    })
    expect(new Set(authority.orders).size).toBe(many)
    expect(authority.orders.filter((name) => name !== 'n7.test')).toHaveLength(many - 1)
    // With a name more only that one is ordered.
    authority.answer = () => undefined
    const before = authority.orders.length
    await host.start({ names: ['more.test', ...names.slice(8)] })
    expect(host.serials).toHaveLength(many - 8)
    await host.until('the new name', () =>
      host.lines.some(({ msg, name }) => msg === obtained && name === 'more.test'),
    )
    // One for the name that failed may have been under way.
    const ordered = authority.orders.slice(before).filter((name) => name !== 'n7.test')
    expect(ordered).toEqual(['more.test'])
  })
})

describe.skipIf(!hasPebble)('an authority', () => {
  test('that is down is asked ever less often, and stops nothing that is valid; when it is back, all is well', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    await host.start()
    await host.line(obtained)
    const [serial] = host.serials
    authority.answer = () => ({ status: 503, body: 'down' })
    const before = authority.asked.length
    const read = new X509Certificate(host.shared!.certificates[0]!.cert)
    const life = Date.parse(read.validTo) - Date.parse(read.validFrom)
    host.clock.tick((life * 2) / 3 + day)
    expect(await host.line(notRenewed)).toMatchObject({
      level: 40,
      failure: 'unreachable',
      error: expect.stringContaining('HTTP 503'),
    })
    const tomorrow = host.clock.wall() + day
    await host.until('a day', () => host.clock.wall() > tomorrow, 10 * minute)
    // Some of these have given up before they were heard.
    expect(host.manager.infos[0]!.failures).toBeGreaterThan(0)
    expect(host.manager.infos[0]!.failures).toBeLessThan(70)
    expect(authority.asked.length - before).toBeLessThan(70)
    expect(host.serials).toEqual([serial])
    authority.answer = () => undefined
    // An order that was under way fails by the hour that passes; the next one does not.
    let told = -1
    await host.until('renewed', () => {
      const failed = host.lines.filter(({ msg }) => msg === notRenewed).length
      if (failed !== told) host.clock.tick(hour)
      told = failed
      return host.lines.some(({ msg }) => msg === renewed)
    })
    expect(host.serials).not.toEqual([serial])
    expect(host.manager.orders.issued).toBe(2)
  })

  test('that has given enough is left alone for as long as it says, over a restart too', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    authority.answer = (asked) =>
      isOrder(asked)
        ? problem(429, 'rateLimited', 'too many; see https://portal.example/unpause?x=1', {
            'retry-after': '7200',
          })
        : undefined
    await host.start()
    expect(await host.line(failedFirst)).toMatchObject({
      level: 50,
      name: 'a.test',
      failure: 'rate-limited',
      error: expect.stringContaining('https://portal.example/unpause?x=1'),
      nextOrder: expect.any(String),
    })
    host.manager.stop()
    await using next = new Host(authority, { folder: host.folder, clock: host.clock })
    await next.start()
    authority.answer = () => undefined
    await next.pass(2 * hour - 5 * minute)
    expect(authority.orders).toHaveLength(1)
    next.clock.tick(10 * minute)
    await next.line(obtained)
    expect(authority.orders).toHaveLength(2)
  })

  test('that does not find the gateway is shown the other way the next time, and its words are told', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    await host.start({}, ['tls-alpn-01', 'http-01'])
    expect(await host.line(failedFirst)).toMatchObject({
      failure: 'challenge',
      error: expect.stringMatching(/^tls-alpn-01 for a\.test: ./),
    })
    expect(host.manager.infos[0]).toMatchObject({
      failures: 1,
      error: expect.stringContaining('tls-alpn-01'),
    })
    expect(host.shared!.challenges).toEqual({ http: {}, tls: [] })
    host.clock.tick(minute)
    await host.line(obtained)
    expect(new Set(authority.looks)).toEqual(new Set(['tls', 'http']))
  })

  test('that has forgotten the account is given the same key again; a file of the account that is broken costs a new one', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    await host.start()
    await host.line(obtained)
    const account = () =>
      JSON.parse(readFileSync(join(host.files, 'account.json'), 'utf8')) as { key: string; url: string }
    const { key } = account()
    let forgot = false
    authority.answer = (asked) => {
      if (!isOrder(asked) || forgot) return undefined
      forgot = true
      return problem(400, 'accountDoesNotExist', 'who is that?')
    }
    await host.start({ names: ['a.test', 'b.test'] })
    await host.line(obtained)
    expect(account().key).toBe(key)
    expect(authority.asked.filter(({ path }) => path === '/sign-me-up')).toHaveLength(2)
    writeFileSync(join(host.files, 'account.json'), '{"key": "-----BEG')
    await host.start({ names: ['a.test', 'b.test', 'c.test'] })
    await host.line(obtained)
    expect(account().key).not.toBe(key)
    expect(host.serials).toHaveLength(3)
  })

  test('that hangs, or answers nonsense, is an authority that is down', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    authority.answer = () => new Promise(() => {})
    host.hangs = true
    await host.start()
    expect(await host.line(failedFirst)).toMatchObject({
      failure: 'unreachable',
      error: expect.stringContaining('no answer in 15 s'),
    })
    host.hangs = false
    for (const body of [
      '',
      'null',
      '[]',
      '{"newNonce":1}',
      '{"newNonce":"http://a/","newAccount":"x","newOrder":"y"}',
      '<html>',
    ]) {
      authority.answer = () => ({ status: 200, body })
      const after = host.lines.length
      host.clock.tick(hour)
      expect(await host.line(failedFirst, after)).toMatchObject({ failure: 'unreachable' })
    }
    authority.answer = () => undefined
    host.clock.tick(hour)
    await host.line(obtained)
  })
})

describe.skipIf(!hasPebble)('a state directory', () => {
  test('that cannot be made is said, nothing is ordered; once it can, certificates come', async () => {
    await using host = new Host(authority)
    const file = join(host.folder, 'state')
    writeFileSync(file, 'a file')
    await host.start({ stateDirectory: file })
    expect(host.lines.at(-1)).toMatchObject({
      level: 50,
      msg: 'certificates cannot be kept, so none is ordered',
      stateDirectory: file,
    })
    await host.pass(5 * minute)
    await host.until('a second look', () => host.lines.filter(({ level }) => level === 50).length > 1, minute)
    expect(authority.asked).toEqual([])
    rmSync(file)
    host.clock.tick(2 * minute)
    await host.until('the folder', () => host.manager.infos[0]!.orderAt < host.clock.wall() + 20 * second)
    host.clock.tick(10 * second)
    await host.line(obtained)
  })

  test('that can no longer be written costs no certificate that is valid, and no order', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    await host.start()
    await host.line(obtained)
    const [serial] = host.serials
    const { files } = host
    renameSync(files, `${files}.away`)
    writeFileSync(files, '')
    const read = new X509Certificate(host.shared!.certificates[0]!.cert)
    host.clock.tick(((Date.parse(read.validTo) - Date.parse(read.validFrom)) * 2) / 3 + day)
    expect(await host.line(notRenewed)).toMatchObject({ failure: 'storage' })
    expect(host.serials).toEqual([serial])
    expect(authority.orders).toHaveLength(1)
    rmSync(files)
    renameSync(`${files}.away`, files)
    host.clock.tick(hour)
    await host.line(renewed)
  })

  test('has what was given, and not what is for another name; what cannot be read is ordered anew', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    await host.start()
    await host.line(obtained)
    const [serial] = host.serials
    const other = testAuthority('Other')
    authority.alter = (_, { body }) => {
      if (!body.includes('BEGIN CERTIFICATE')) return body
      return other.issue({ names: ['b.test'], publicKey: new X509Certificate(body).publicKey }).cert
    }
    const read = new X509Certificate(host.shared!.certificates[0]!.cert)
    host.clock.tick(((Date.parse(read.validTo) - Date.parse(read.validFrom)) * 2) / 3 + day)
    expect(await host.line(notRenewed)).toMatchObject({ failure: 'storage' })
    expect(host.serials).toEqual([serial])
    host.manager.stop()
    authority.alter = (_, { body }) => body
    const file = join(host.files, 'certificates/a.test.pem')
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, -400))
    await using next = new Host(authority, { folder: host.folder, clock: host.clock })
    await next.start()
    expect(next.serials).toEqual([])
    next.clock.tick(hour)
    await next.line(obtained)
  })

  test('that two processes have is ordered from by one at a time, and a right to order ends with who died', async () => {
    await using host = new Host(authority)
    mkdirSync(join(host.folder, 'acme'))
    // The first one hangs in the middle of its order, and then it is gone.
    authority.answer = (asked) => (isOrder(asked) ? new Promise(() => {}) : undefined)
    await host.start()
    await host.until('the first order', () => authority.orders.length === 1)
    const file = join(host.files, 'lease.json')
    const lease = readFileSync(file, 'utf8')
    host.manager.stop()
    await host.until('what is given back in order', () => !existsSync(file))
    authority.answer = () => undefined
    writeFileSync(file, lease)
    await using next = new Host(authority, { folder: host.folder, clock: host.clock })
    await next.start({ names: ['b.test'] })
    await next.pass(20 * second)
    expect(authority.orders).toEqual(['a.test'])
    next.clock.tick(minute)
    await next.line(obtained)
    // What one has obtained the other takes.
    await using other = new Host(authority, { folder: host.folder, clock: host.clock })
    await other.start({ names: ['c.test', 'b.test'] })
    expect(other.serials).toEqual(next.serials)
  })
})
