import { describe, expect, test } from 'vitest'
import { formatProblem } from '../src/config/errors.ts'
import { type ConfigFlags, optionsFromFlags } from '../src/config/flags.ts'
import type { GatewayOptions } from '../src/core/options.ts'
import { full, optionsFor, shortest } from './config-text.ts'

const lines = (flags: ConfigFlags, base?: GatewayOptions) => {
  const result = optionsFromFlags(flags, base)
  return result.ok ? [] : result.problems.map(formatProblem)
}

const options = (flags: ConfigFlags, base?: GatewayOptions) => {
  const result = optionsFromFlags(flags, base)
  if (!result.ok) throw new Error(lines(flags, base).join('\n'))
  return result.options
}

describe('without a file', () => {
  test('an upstream is enough, and the rest is as in the shortest file', async () => {
    const fromFile = await optionsFor(shortest)
    const fromFlags = options({ upstreams: ['http://b/'] })
    expect(fromFlags).toEqual({ ...fromFile, routes: [{ ...fromFile.routes[0], name: 'default' }] })
  })

  test('every flag is heard', () => {
    expect(
      options({ listen: '[::1]:0', upstreams: ['ws://a', 'wss://b'], admin: 'off', workers: '4' }),
    ).toMatchObject({
      listen: [{ host: '::1', port: 0, proxyProtocol: false }],
      admin: false,
      workers: 4,
      routes: [{ name: 'default', match: {}, upstreams: [{ name: 'ws://a' }, { name: 'wss://b' }] }],
    })
    expect(options({ upstreams: ['ws://a'], workers: 'auto' }).workers).toBe('auto')
  })

  test.each<[ConfigFlags, string[]]>([
    [
      {},
      [
        '--upstream: is missing; name a server with --upstream ws://localhost:3000, or a configuration file with -c; `holdfast init` writes one',
      ],
    ],
    [
      { upstreams: [] },
      [
        '--upstream: is missing; name a server with --upstream ws://localhost:3000, or a configuration file with -c; `holdfast init` writes one',
      ],
    ],
    [
      { upstreams: ['localhost:3000'] },
      [
        "--upstream: must be a URL that begins with ws://, wss://, http:// or https://, not 'localhost:3000'; write ws://localhost:3000",
      ],
    ],
    [
      { upstreams: ['ws://a', 'http://A'] },
      ["--upstream: is a second upstream 'ws://a'; list it once; a weight gives it a larger share"],
    ],
    [
      { upstreams: ['ws://a'], listen: '8080', workers: '0', admin: '0.0.0.0:1' },
      [
        "--listen: must be HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, not '8080'; write 127.0.0.1:8080, or 0.0.0.0:8080 for every interface",
        '--admin: must have a token, since 0.0.0.0 can be reached from other machines; give { address, token: $HOLDFAST_ADMIN_TOKEN } in a configuration file, or use 127.0.0.1',
        '--workers: must be a whole number from 1 to 256, not 0',
      ],
    ],
    [
      { upstreams: ['ws://a'], workers: 'many' },
      ["--workers: must be auto or a whole number from 1 to 256, not 'many'"],
    ],
    [{ upstreams: ['ws://a'], listen: '127.0.0.1:10120' }, ['--listen: uses the port of the admin address']],
    [
      { upstreams: ['ws://a'], listen: '127.0.0.1:1', admin: '127.0.0.1:1' },
      ['--admin: uses the same port as listen[0]'],
    ],
  ])('%j is refused', (flags, expected) => {
    expect(lines(flags)).toEqual(expected)
  })
})

describe('over a file', () => {
  test('no flag changes nothing', async () => {
    const base = await optionsFor(full)
    expect(options({}, base)).toEqual(base)
  })

  test('a flag wins, and what it does not name stays', async () => {
    const base = await optionsFor(full)
    expect(options({ workers: '2' }, base)).toEqual({ ...base, workers: 2 })
    expect(options({ admin: 'off' }, base)).toEqual({ ...base, admin: false })
    expect(options({ listen: '127.0.0.1:0' }, base).listen).toEqual([
      { host: '127.0.0.1', port: 0, proxyProtocol: false },
    ])
    const routes = options({ upstreams: ['ws://a'] }, base).routes
    expect(routes.map(({ name }) => name)).toEqual(['default'])
  })

  test('the token of the file guards an admin port that a flag moves', async () => {
    const base = await optionsFor(full)
    expect(options({ admin: '0.0.0.0:1' }, base).admin).toEqual({
      host: '0.0.0.0',
      port: 1,
      token: 'c2VjcmV0',
    })
    expect(lines({ admin: '0.0.0.0:1' }, { ...base, admin: false })).toHaveLength(1)
    expect(lines({ admin: 'nonsense' }, base)).toEqual([
      "--admin: must be HOST:PORT such as 127.0.0.1:8080 or [::1]:8080, not 'nonsense'",
    ])
  })

  test('a port is compared with those of the file, not with the usual ones', async () => {
    const base = await optionsFor(`listen: 127.0.0.1:7000\nadmin: 127.0.0.1:7001\n${shortest}`)
    expect(lines({ listen: '127.0.0.1:10120' }, base)).toEqual([])
    expect(lines({ admin: '127.0.0.1:8080' }, base)).toEqual([])
    expect(lines({ listen: '127.0.0.1:7001' }, base)).toEqual([
      '--listen: uses the port of the admin address',
    ])
    expect(lines({ admin: '127.0.0.1:7000' }, base)).toEqual(['--admin: uses the same port as listen[0]'])
  })
})
