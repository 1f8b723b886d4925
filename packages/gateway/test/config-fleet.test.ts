import { describe, expect, test } from 'vitest'
import { filledStore, readStore } from '../src/config/schema-fleet.ts'
import { faultOf, linesFor, optionsFor, shortest } from './config-text.ts'

const env = { SECRET: 'a secret of the fleet', SHORT: 'short', PW: 'p@ss/w:rd', URL: 'rediss://10.0.0.5' }
const fleet = (keys: string) => `fleet: { name: chat, secret: $SECRET, ${keys} }\n${shortest}`
const faults = async (keys: string) =>
  (await linesFor(fleet(keys), { env }))
    .map((line) => line.replace(/^holdfast\.yaml:\d+:\d+: /, ''))
    .join('\n')

describe('fleet.store', () => {
  test.each([
    ['redis://localhost', { kind: 'single', tls: false, nodes: [{ host: 'localhost', port: 6379 }] }],
    [
      'valkeys://store.example:7000/2',
      { tls: true, nodes: [{ host: 'store.example', port: 7000 }], database: 2 },
    ],
    ['redis://u:p%40s@10.0.0.5', { username: 'u', password: 'p@s' }],
    ['redis://:p@[fd00::1]:1', { password: 'p', nodes: [{ host: 'fd00::1', port: 1 }] }],
    [
      'redis+sentinel://a,b:1,c/main/3',
      {
        kind: 'sentinel',
        primary: 'main',
        database: 3,
        nodes: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 1 },
          { host: 'c', port: 26_379 },
        ],
      },
    ],
    ['rediss+cluster://a,b', { kind: 'cluster', tls: true }],
    ['rediss://8.8.8.8', { tls: true }],
  ])('%s', (url, options) => {
    expect(readStore(url)).toMatchObject(options)
  })

  test.each([
    ['localhost:6379', /must be a URL such as/],
    ['http://localhost', /must be a URL such as/],
    ['redis://', /must be a URL such as/],
    ['redis://8.8.8.8', /clear text to 8\.8\.8\.8, which is no private address/],
    ['redis+cluster://10.0.0.1,8.8.8.8', /clear text to 8\.8\.8\.8/],
    ['redis://a,b', /several servers/],
    ['redis://a/x', /no number/],
    ['redis://a/1/2', /more than a database/],
    ['redis+cluster://a/1', /only one/],
    ['redis+sentinel://a', /must name the primary/],
    ['redis://a:99999', /HOST or HOST:PORT/],
    ['redis://u:%zz@a', /%25/],
  ])('%s is refused, and no message has the URL', (url, why) => {
    const read = readStore(url)
    expect('message' in read && read.message).toMatch(why)
    expect('message' in read && read.message).not.toContain('%zz')
  })

  test('may have variables in it, or be one', async () => {
    expect(filledStore('redis://u:$PW@a', env)).toEqual({ url: 'redis://u:p%40ss%2Fw%3Ard@a', missing: [] })
    expect(filledStore(`redis://u:$\{PW}$$@a`, env).url).toBe('redis://u:p%40ss%2Fw%3Ard%24@a')
    const options = await optionsFor(fleet("store: 'redis://:$PW@10.0.0.5'"), { env })
    expect(options.fleet?.store).toMatchObject({ password: env.PW })
    expect((await optionsFor(fleet('store: $URL'), { env })).fleet?.store.tls).toBe(true)
    expect(await faults("store: 'redis://:$NONE@10.0.0.5'")).toContain(
      'names the variable NONE, which is not set',
    )
  })
})

test('the secret is a variable, set, and long enough; none is shown', async () => {
  const of = (secret: string) =>
    faultOf(`fleet: { name: chat, store: redis://a, secret: ${secret} }\n${shortest}`)
  expect(await of('geheim')).toContain('must be a variable such as $HOLDFAST_FLEET_SECRET')
  expect(await of('$NONE')).toContain('names the variable NONE, which is not set')
  const short = await linesFor(fleet('store: redis://a').replace('$SECRET', '$SHORT'), { env })
  expect(short.join()).toContain('names SHORT, which is shorter than 16 characters')
  expect(short.join()).not.toContain("'short'")
  const two = await optionsFor(fleet('store: redis://a').replace('$SECRET', '[$SECRET, $URL]'), { env })
  expect(two.fleet?.secrets).toEqual([env.SECRET, env.URL])
  const braced = await optionsFor(fleet('store: redis://a').replace('$SECRET', `'$\{SECRET}'`), { env })
  expect(braced.fleet?.secrets).toEqual([env.SECRET])
})

test.each([
  ['store: redis://a, listen: 0.0.0.0:1', 'must be an address at which others find this node'],
  ['store: redis://a, listen: 8.8.8.8:1', 'is clear text at 8.8.8.8, which is no private address'],
  ['store: redis://a, tls: {}', 'goes with rediss:// or fleet.listen only'],
  ['store: redis://a, listen: 10.0.0.1:1, tls: { ca: c.pem }', 'must have cert and key'],
  ['store: redis://a, listen: 10.0.0.1:1, tls: { cert: c.pem, key: k.pem }', 'must have ca'],
  ['store: rediss://a, listen: 8.8.8.8:1, tls: { ca: c.pem }', 'is clear text at 8.8.8.8'],
  ['store: rediss://a, tls: { cert: c.pem }', 'must have cert and key, or neither'],
  ['store: redis://a, name: a b', 'name'],
])('%s is refused', async (keys, why) => {
  expect(await faults(keys)).toContain(why)
})

test('limits over a fleet need one', async () => {
  const text = 'routes: [{ name: a, upstreams: [ws://b], limits: { scope: fleet, perAddress: 5 } }]'
  expect(await faultOf(text)).toContain('routes[0].limits.scope is fleet, and there is no fleet')
  expect(
    (await optionsFor(`fleet: { name: c, store: redis://a, secret: $SECRET }\n${text}`, { env })).fleet,
  ).toEqual({
    name: 'c',
    store: { kind: 'single', nodes: [{ host: 'a', port: 6379 }], tls: false },
    secrets: [env.SECRET],
    drainWait: 60_000,
  })
})
