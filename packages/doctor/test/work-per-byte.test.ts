// No text, whoever wrote it, takes the doctor more than a bounded time for each byte.
import { Duplex } from 'node:stream'
import { attacks, growth } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { fitsForeign } from '../src/config/foreign-expression.ts'
import { glob } from '../src/config/glob.ts'
import { readProxyConfig } from '../src/config/index.ts'
import { configKinds, kindOf } from '../src/config/kinds.ts'
import { readAccept } from '../src/probe/accept.ts'
import { ask } from '../src/probe/answer.ts'
import { ServerFrames } from '../src/probe/frames.ts'
import { explainRefusal } from '../src/probe/refusal.ts'
import { Wire } from '../src/probe/wire.ts'

/** Between 4, which is linear, and 16, which is quadratic. */
const linear = 9
const length = 64 * 1024

/** Milliseconds of processor time that are far from what a quadratic reader takes for so much. */
const negligible = 250

/** The attacks for which this reader takes more time than it should. */
async function slowOnes(
  read: (text: string) => unknown,
  begins: readonly string[] = [''],
  size = length,
): Promise<string[]> {
  const slow: string[] = []
  for (const begin of begins) {
    for (const [name, make] of attacks(begin, [''])) {
      const factor = await growth(read, make, size, negligible)
      if (factor > linear) slow.push(`${name}: ${factor.toFixed(1)}`)
    }
  }
  return slow
}

/** Beginnings behind which a reader is in another state. */
const begins: Partial<Record<(typeof configKinds)[number], string[]>> = {
  nginx: [
    '',
    'server { location /ws { proxy_pass http://a; proxy_set_header Upgrade ',
    'content_by_lua_block {"',
  ],
  haproxy: ['', 'frontend a\n acl a ', 'backend a\n timeout tunnel '],
  caddy: ['', 'a.b {\n reverse_proxy ', 'a.b {\n handle /', '{"apps":{"http":{"'],
  apache: ['', '<VirtualHost *:80>\nRewriteRule ', 'ProxyPass /ws ', '<Location '],
  traefik: ['', 'http:\n  routers:\n    a:\n      rule: ', '[http.routers.a]\nrule = "'],
  envoy: ['', 'static_resources:\n  listeners: '],
  kubernetes: ['', 'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  annotations:\n    a: '],
}

describe.each(configKinds)('a configuration of %s', (kind) => {
  test('takes no more than a bounded time for each byte', { timeout: 900_000 }, async () => {
    // The parser of YAML makes several objects of each byte.
    const size = ['traefik', 'envoy', 'kubernetes'].includes(kind) ? length / 4 : length
    expect(await slowOnes((text) => readProxyConfig(text, { kind }), begins[kind], size)).toEqual([])
  })
})

test('so does telling what a text is a configuration of', async () => {
  expect(
    await slowOnes((text) => kindOf({ path: 'a', text }), ['', 'location ', 'frontend ', '{', 'a,']),
  ).toEqual([])
})

test('a pattern of many stars costs no more than their number', async () => {
  const fits = glob(`${'*a'.repeat(20)}*b`)
  expect(await growth(fits, (size) => 'a'.repeat(size), length)).toBeLessThan(linear)
})

describe('the answers of a server', () => {
  const answer = (text: string) => ({ is: 'answer' as const, status: 400, headers: [], body: text })

  test('are read in a bounded time for each byte', async () => {
    const headers = ['upgrade', 'connection', 'sec-websocket-accept', 'sec-websocket-extensions']
    expect(
      await slowOnes((text) =>
        readAccept({ ...answer(''), headers: headers.map((name) => [name, text] as const) }, 'a', []),
      ),
    ).toEqual([])
    const prober = {
      wishes: { headers: [], protocols: [] },
      attempt: async () => ({ accepted: false, answer: { is: 'silence' } }),
      target: { endpoint: { origin: 'http://a' } },
    }
    expect(
      await slowOnes(
        (text) => explainRefusal(answer(text), prober as unknown as Parameters<typeof explainRefusal>[1]),
        ['', '<style', '<a ', '<style>'.repeat(9)],
      ),
    ).toEqual([])
  })

  test('also when they come byte by byte', async () => {
    const pieces = (size: number) =>
      Array.from({ length: size }, (_, i) => Buffer.from(i < 7 ? 'HTTP/1.'[i]! : i % 2 ? '\n' : '\r'))
    const read = async (bytes: Buffer[]) => ask(wireOf(bytes), '', AbortSignal.timeout(60_000))
    expect(await growth(read, pieces, 60 * 1024)).toBeLessThan(linear)
  })

  test('and frames, too', async () => {
    const frame = (size: number) =>
      Buffer.concat([Buffer.from([0x82, 127, 0, 0, 0, 0]), bigEndian(size), Buffer.alloc(size)])
    const read = (bytes: Buffer) => {
      const frames = new ServerFrames(false)
      for (let at = 0; at < bytes.length; at++) frames.push(bytes.subarray(at, at + 1))
    }
    expect(await growth(read, frame, 512 * 1024)).toBeLessThan(linear)
  })
})

function bigEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A wire that brings these pieces one by one. */
function wireOf(pieces: Buffer[]): Wire {
  const left = pieces.values()
  const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const wire = new Wire(stream as unknown as ConstructorParameters<typeof Wire>[0])
  wire.read = async () => left.next().value ?? { is: 'end' }
  return wire
}

test('an expression in a configuration that takes for ever does not hold up the doctor', () => {
  const text = 'a'.repeat(60)
  const pattern = '^(a+)+$'
  const before = process.cpuUsage()
  readProxyConfig(
    `http { map $http_upgrade $x { "~^(w|e|b|s|o|c|k|e|t|we|bs|oc|ke)+X$" a; }
    server { location ~ ${pattern} { proxy_pass http://a; } location /${text}! { proxy_pass http://b; } } }`,
    { kind: 'nginx' },
  )
  readProxyConfig(
    `ProxyPassMatch ${pattern} ws://a/\nProxyPass /${text}! ws://b/\n<If "'${text}!' =~ /${pattern}/">\nProxyPass /ws ws://c/\n</If>\n`,
    { kind: 'apache' },
  )
  readProxyConfig(`frontend a\n acl x path_reg ${pattern}\n use_backend b if x\nbackend b\n server s a:1\n`, {
    kind: 'haproxy',
  })
  expect(fitsForeign(new RegExp(pattern), `${text}!`)).toBe(false)
  // Without a limit it would be years.
  expect(process.cpuUsage(before).user).toBeLessThan(20_000_000)
})
