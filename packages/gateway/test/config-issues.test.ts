import { describe, expect, test } from 'vitest'
import { findings } from '../src/config/issues.ts'
import { configSchema } from '../src/config/schema.ts'
import { faultOf, linesFor, shortest } from './config-text.ts'

const found = (value: unknown) => {
  const { error } = configSchema.safeParse(value)
  return findings(error?.issues ?? [], value)
}

describe('an unknown key', () => {
  test.each([
    ['', "unknown key 'lisen'; did you mean 'listen'?", 'lisen: 1'],
    [
      'in a list',
      "unknown key 'adress' in listen[0]; did you mean 'address'?",
      'listen: [{ address: 127.0.0.1:1, adress: 1 }]',
    ],
    [
      'two levels down',
      "unknown key 'certs' in listen[0].tls; did you mean 'cert'?",
      'listen: [{ address: 127.0.0.1:1, tls: { cert: a, key: b, certs: c } }]',
    ],
    ['in a mapping', "unknown key 'sprad' in drain; did you mean 'spread'?", 'drain: { sprad: 5s }'],
    [
      'far from all',
      "unknown key 'colour' in drain; known keys: spread, deadline, retry",
      'drain: { colour: red }',
    ],
    [
      'of merging',
      "unknown key '<<' in drain; merge keys are not read; put an alias in place of a whole value",
      'drain: { <<: 1 }',
    ],
    [
      'hold outside a route',
      "unknown key 'hold'; known keys: listen, admin, workers, trustedProxies, pending, drain, log, acme, stateDirectory, upgrade, fleet, sessions, include, routes",
      'hold: 1',
    ],
  ])('%s is named, and so is the nearest known one', async (_, line, text) => {
    const lines = (await faultOf(`${text}\n${shortest}`)).split('\n')
    expect(lines).toContain(line)
  })

  test('stands at its key; each is reported', async () => {
    expect(await linesFor(`drain:\n  sprad: 5s\n  dedline: 1s\n${shortest}`)).toEqual([
      "holdfast.yaml:2:3: unknown key 'sprad' in drain; did you mean 'spread'?",
      "holdfast.yaml:3:3: unknown key 'dedline' in drain; did you mean 'deadline'?",
    ])
  })

  test('cannot break the line or steer the terminal', async () => {
    expect(await linesFor(`"a\\nb\\e[31m": 1\n${shortest}`)).toEqual([
      expect.stringMatching(/^holdfast\.yaml:1:1: unknown key 'a\\u\{a\}b\\u\{1b\}\[31m'; known keys: /),
    ])
  })
})

describe('findings', () => {
  test('take the form of a union that has the type of the value', () => {
    expect(found({ routes: [{ name: 'a', upstreams: [{ url: 'ws://b', wieght: 1 }] }] })).toEqual([
      {
        path: ['routes', 0, 'upstreams', 0, 'wieght'],
        part: 'key',
        predicate: "unknown key 'wieght' in routes[0].upstreams[0]",
        whole: true,
        fix: "did you mean 'weight'?",
      },
    ])
  })

  test('report every fault of a configuration, not only the first', () => {
    const value = {
      listen: 5,
      workers: 'x',
      drain: { spread: 'y', retry: [1] },
      zebra: 1,
      routes: [{ attempts: 0 }],
    }
    expect(
      found(value)
        .map(({ path }) => path.join('.'))
        .sort(),
    ).toEqual([
      'drain.retry',
      'drain.spread',
      'listen',
      'routes.0.attempts',
      'routes.0.name',
      'routes.0.upstreams',
      'workers',
      'zebra',
    ])
  })

  test('show no token', () => {
    for (const token of [12345, ['hunter2'], 'hunter 2', { hunter2: 1 }]) {
      expect(JSON.stringify(found({ admin: { address: '127.0.0.1:1', token } }))).not.toMatch(/hunter|12345/)
    }
  })

  test('do not follow a value that holds itself', () => {
    const loop: Record<string, unknown> = {}
    loop.routes = [loop]
    expect(found(loop).length).toBeGreaterThan(0)
  })
})
