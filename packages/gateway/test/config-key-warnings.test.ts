// Values that are valid and hardly meant: each has a fix, and with it nothing is said any more.
import { rootCertificates } from 'node:tls'
import { authority } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { faultOf, linesFor, routeWith, shortest } from './config-text.ts'

const root = authority()
const own = root.issue({ names: ['a.test'] })
const readFile = async (path: string) =>
  path.endsWith('ca.pem')
    ? root.cert
    : path.endsWith('public.pem')
      ? `${root.cert}${rootCertificates[3]}`
      : path.endsWith('key')
        ? own.key
        : own.cert

describe('each is said where it stands, and is gone with its fix', () => {
  test.each([
    [
      `admin: { address: 'unix:/run/a.sock', owner: ':ops' }\n${shortest}`,
      "admin.owner gives the file to the group ops, which mode '0600' does not let connect; write mode: '0660'",
      ["':ops'", "':ops', mode: '0660'"],
    ],
    [
      `listen: [{ address: 'unix:/run/a.sock', owner: 'web:web', mode: '0700' }]\n${shortest}`,
      "listen[0].owner gives the file to the group web, which mode '0700' does not let connect; write mode: '0760'",
      ["'0700'", "'0760'"],
    ],
    [
      `admin: { address: 'unix:/run/a.sock', mode: '0666' }\n${shortest}`,
      "admin.mode lets every user of this machine close connections; write mode: '0660', or give a token",
      ["'0666'", "'0660'"],
    ],
    [
      `listen: [{ address: 127.0.0.1:0, tls: { cert: a, key: key }, clientCertificates: { ca: public.pem } }]\n${shortest}`,
      'listen[0].clientCertificates.ca holds a public authority: whoever has any certificate of it is let in; name the file of an authority of your own',
      ['public.pem', 'ca.pem'],
    ],
    ...['http://203.0.113.5/check', "'http://[2001:db8::5]/check'"].map(
      (url): [string, string, [string, string]] => [
        routeWith(`auth: { url: ${url} }`),
        'routes[0].auth.url goes over the internet without TLS: cookies and tokens of clients can be read on the way, and answers be made up; write https://',
        ['http://', 'https://'],
      ],
    ),
    [
      routeWith('auth: { url: http://127.0.0.1/check, cache: 12h }'),
      'routes[0].auth.cache lets a client in for 12h after the service has locked it out, unless its answers have Holdfast-Expires; write 1m',
      ['12h', '1m'],
    ],
    [
      routeWith(
        'auth: { url: http://127.0.0.1/check, headers: [X-User] }, headers: { set: { x-user: y, X-B: c } }',
      ),
      'routes[0].headers.set.x-user takes the place of what the service of auth says; leave it out here, or in auth.headers',
      ['x-user: y, ', ''],
    ],
    [
      routeWith(
        'auth: { url: http://127.0.0.1/check, headers: [X-User] }, headers: { add: { X-User: y, X-B: c } }',
      ),
      'routes[0].headers.add.X-User stands beside what the service of auth says; leave it out here, or in auth.headers',
      ['X-User: y, ', ''],
    ],
    [
      routeWith(
        'auth: { url: http://127.0.0.1/check, headers: [X-User] }, headers: { remove: [X-User, X-B] }',
      ),
      'routes[0].headers.remove[0] removes what the service of auth says in X-User; leave it out: what clients send under this name is removed anyway',
      ['[X-User, X-B]', '[X-B]'],
    ],
    [
      'routes: [{ name: a, match: { path: /chat/* }, upstreams: [ws://b/chat] }]',
      'routes[0].upstreams[0] puts /chat before paths that begin with it: the upstream gets /chat/chat; write strip: /chat on the route, or leave the path out of the URL',
      ['upstreams', 'strip: /chat, upstreams'],
    ],
    [
      'routes: [{ name: a, upstreams: [ws://b/app], rewrite: { from: /old/*, to: /app/new/* } }]',
      'routes[0].rewrite.to begins with /app, which the URL of upstreams[0] puts before it once more; write /new/*',
      ['/app/new/*', '/new/*'],
    ],
    [
      routeWith('resume: {}, keepalive: off'),
      'routes[0].keepalive is off: a client whose network is gone keeps its connection, and is not parked, until something is sent to it; leave keepalive out',
      [', keepalive: off', ''],
    ],
    [
      routeWith(
        'resume: {}, auth: { url: http://127.0.0.1/check, headers: [X-Access-Token, Authorization] }',
      ),
      'routes[0].resume gives a session to whoever has its token: auth.headers names credentials only, which are new each time; write resume: { bind: cookie:NAME } or header:NAME, what identifies a client; or let auth name it, too, as in X-User',
      ['resume: {}', "resume: { bind: 'cookie:sid' }"],
    ],
  ] as [string, string, [string, string]][])('%s', async (text, words, [wrong, right]) => {
    const lines = await linesFor(text, { readFile })
    expect(lines.map((line) => line.replace(/^holdfast\.yaml:\d+:\d+: warning: /, ''))).toContain(words)
    expect(text).toContain(wrong)
    expect(await linesFor(text.replace(wrong, right), { readFile })).toEqual([])
  })
})

test.each([
  "auth: { url: 'http://10.0.0.5/check' }",
  "auth: { url: 'http://[fd00::1]/check' }",
  "auth: { url: 'http://auth.internal/check', cache: 10m, headers: [X-User] }, headers: { set: { X-Other: a } }",
  "auth: { url: 'unix:/run/auth.sock' }",
  'match: { path: /chat/* }, strip: /chat',
  'resume: {}, auth: { url: http://localhost/check, headers: [X-User, X-Jwt] }',
])('nothing is said of %s', async (keys) => {
  expect(await faultOf(routeWith(keys))).toBe('')
})
