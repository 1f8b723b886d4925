import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { convertNginx } from '@holdfast/doctor'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { commandLine } from './command-line.ts'
import { blockNamed } from './guides/guide.ts'

const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const own = folder('./convert/')
const fixtures = folder('../../doctor/test/fixtures/nginx/')
const confs = (path: string) =>
  readdirSync(path)
    .filter((name) => name.endsWith('.conf'))
    .map((name) => `${path}${name}`)

/** What `holdfast convert` writes: its comments, and the configuration as data. */
async function converted(path: string) {
  const { status, stdout, stderr } = await commandLine(`convert ${path}`)
  const comments = stdout.split('\n').filter((line) => line.startsWith('#   '))
  const leftOut = comments.map((line) => line.replace(/^# +\S+:(\d+): /, '$1 '))
  return { status, stderr, leftOut, config: parse(stdout) }
}

test('there are eight files of different shape', () => {
  expect(confs(own)).toHaveLength(8)
})

describe.each([...confs(own), ...confs(fixtures)])('holdfast convert %s', (path) => {
  test('writes what holdfast validate accepts, or says why there is nothing to write', async () => {
    const { status, stderr, config } = await converted(path)
    if (status === 0) expect(config.routes.length).toBeGreaterThan(0)
    else expect(stderr).toMatch(/has no proxy_pass that can be a route here/)
    if (path.startsWith(own)) expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})

describe('holdfast convert', () => {
  test('gives the configuration of docs/coming-from.md', () => {
    const { config, leftOut } = convertNginx({
      path: 'nginx.conf',
      text: blockNamed('coming-from', 'nginx.conf'),
    })
    const guide = parse(blockNamed('coming-from', 'holdfast.yaml for nginx'))
    for (const { routes } of [config, guide]) delete routes[0].name
    expect(config).toEqual({ ...guide, listen: [guide.listen] })
    expect(leftOut).toEqual([])
  })

  test('takes names, weights, trusted proxies and the PROXY protocol over', async () => {
    const { config, leftOut } = await converted(`${own}cluster.conf`)
    expect(config).toEqual({
      listen: [{ address: '0.0.0.0:80', proxyProtocol: true }],
      trustedProxies: ['10.0.0.0/8'],
      routes: [
        {
          name: 'socket.io',
          match: { path: '/socket.io/*' },
          upstreams: [{ url: 'ws://10.0.1.10:3000', weight: 3 }, 'ws://10.0.1.11:3000'],
          balance: 'hash(address)',
          timeouts: { connect: '3s' },
        },
      ],
    })
    expect(leftOut).toEqual([
      '14 server 10.0.1.12:3000 was left out: down has no like',
      '15 server 10.0.1.13:3000 was left out: backup has no like',
    ])
  })

  test('puts routes in the order in which nginx picks', async () => {
    const { config } = await converted(`${own}many-names.conf`)
    expect(config.routes.map(({ match }: { match: object }) => match)).toEqual([
      { host: 'live.example.org', path: '/feed' },
      { host: 'live.example.org', path: '/feed/private/*' },
      { host: 'live.example.org', path: '/feed*' },
      { host: 'example.org' },
      { host: '*.example.org' },
    ])
  })

  test('changes paths as proxy_pass does, and says where it cannot', async () => {
    const { config, leftOut } = await converted(`${own}moved-paths.conf`)
    const changes = Object.fromEntries(
      config.routes.map(({ name, strip, rewrite }: Record<string, unknown>) => [name, strip ?? rewrite]),
    )
    expect(changes).toEqual({
      chat: '/chat',
      old: { from: '/old/*', to: '/new/*' },
      status: { from: '/status', to: '/internal/status' },
      slash: undefined,
      same: undefined,
    })
    expect(leftOut).toContainEqual(expect.stringMatching(/^7 the path of proxy_pass .* do not both end in/))
    expect(leftOut).toContainEqual(expect.stringMatching(/^9 location \/assets\/ has no proxy_pass/))
  })

  test('opens nothing that nginx guards, or serves to this machine only', async () => {
    const { config, leftOut } = await converted(`${own}hard.conf`)
    expect(config.routes.map(({ name }: { name: string }) => name)).toEqual(['guarded', 'default'])
    expect(leftOut).toContainEqual(expect.stringMatching(/^9 \/auth\/ was left out: auth_request decides/))
    expect(leftOut).toContainEqual(expect.stringMatching(/\/inside\/ was left out: deny decides/))
    expect(leftOut).toContainEqual(
      expect.stringMatching(/this server was left out: it is for this machine only/),
    )
  })

  test('says in one line that there is no such file', async () => {
    const { status, stderr } = await commandLine('convert no-such.conf')
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: "holdfast: cannot read 'no-such.conf': there is no such file\n",
    })
  })
})
