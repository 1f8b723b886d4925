// The keys `acme` and `stateDirectory`, and `tls: auto`: what is read, and what is refused with which words.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authority } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../src/config/file.ts'
import { stateDirectoryFault } from '../src/config/schema-acme.ts'
import { faultOf, linesFor, optionsFor } from './config-text.ts'

interface Text {
  listen?: string
  acme?: string
  hosts?: (string | undefined)[]
  state?: string
}

const both = '[0.0.0.0:80, { address: 0.0.0.0:443, tls: auto }]'

function text({ listen = both, acme = 'agreed: true', hosts = ['a.example.org'], state = '/s' }: Text = {}) {
  const routes = hosts.map(
    (host, index) =>
      `  - { name: r${index}, ${host ? `match: { host: '${host}' }, ` : ''}upstreams: [ws://b] }`,
  )
  return [
    `listen: ${listen}`,
    ...(acme ? [`acme: { ${acme} }`] : []),
    ...(state ? [`stateDirectory: ${state}`] : []),
    'routes:',
    ...routes,
    '',
  ].join('\n')
}

describe('tls: auto', () => {
  test("has the names of the routes, at Let's Encrypt", async () => {
    const { acme, listen } = await optionsFor(text({ hosts: ['a.example.org', 'B.example.org.'] }))
    expect(acme).toEqual({
      agreed: true,
      directory: 'https://acme-v02.api.letsencrypt.org/directory',
      challenge: 'auto',
      names: ['a.example.org', 'b.example.org'],
      stateDirectory: '/s',
    })
    expect(listen[1]).toMatchObject({ port: 443, tls: [], auto: true })
  })

  test('may be written as a key, beside front', async () => {
    const listen = '[0.0.0.0:80, { address: 0.0.0.0:443, tls: { auto: true, front: true } }]'
    const options = await optionsFor(text({ listen }))
    expect(options.listen[1]).toMatchObject({ port: 443, tls: [], auto: true, front: true })
    expect(options.acme?.names).toEqual(['a.example.org'])
  })

  test('has the names of acme.names where they are given, and a wildcard in a route is fine then', async () => {
    const acme = 'agreed: true, names: [X.example.org, münchen.example.org], directory: letsencrypt-staging'
    const options = await optionsFor(text({ acme, hosts: ['*.example.org'] }))
    expect(options.acme).toMatchObject({
      names: ['x.example.org', 'xn--mnchen-3ya.example.org'],
      directory: 'https://acme-staging-v02.api.letsencrypt.org/directory',
    })
  })

  test('has its folder from the file, relative to it, or from systemd', async () => {
    const folderOf = async (state: string, env: Record<string, string> = {}) => {
      const sources = { file: '/etc/h/holdfast.yaml', env, readFile: () => Promise.reject(new Error()) }
      const result = await parseConfig(text({ state }), sources)
      return result.ok && result.options.acme?.stateDirectory
    }
    expect(await folderOf('state')).toBe('/etc/h/state')
    expect(await folderOf('', { STATE_DIRECTORY: '/var/lib/holdfast:/other' })).toBe('/var/lib/holdfast')
    expect(await folderOf('state', { STATE_DIRECTORY: '/var/lib/holdfast' })).toBe('/etc/h/state')
  })

  test('reads the authorities of a directory, and the key of an account', async () => {
    const root = authority('A').cert
    const acme =
      'agreed: true, ca: ca.pem, directory: https://acme.test/d, externalAccount: { keyId: k, hmacKey: $KEY }'
    const options = await optionsFor(text({ acme, hosts: ['a.test'] }), {
      env: { KEY: 'c2Vj_-==' },
      readFile: async () => root,
    })
    expect(options.acme).toMatchObject({ ca: root, externalAccount: { keyId: 'k', hmacKey: 'c2Vj_-==' } })
  })
})

const wildcard =
  'is a wildcard (*.example.org): authorities give certificates for such by DNS-01 only, which is not spoken here; list each name in acme.names, or use a certificate from elsewhere: tls: { cert, key }'

test.each<[string, Text, string]>([
  [
    'no acme',
    { acme: '' },
    "listen[1].tls is auto, and there is no acme; add acme: { agreed: true } if you agree to the terms of Let's Encrypt, and stateDirectory",
  ],
  [
    'no acme for fronts',
    { acme: '', listen: '[{ address: 0.0.0.0:443, tls: { auto: true, front: true } }]' },
    "listen[0].tls is auto, and there is no acme; add acme: { agreed: true } if you agree to the terms of Let's Encrypt, and stateDirectory",
  ],
  [
    'a key beside auto',
    { listen: '[0.0.0.0:80, { address: 0.0.0.0:443, tls: { auto: true, key: k.pem } }]' },
    'listen[1].tls.key does not go with auto: true: acme obtains the certificate; remove key',
  ],
  [
    'no consent',
    { acme: 'agreed: false' },
    'acme.agreed must be true: nothing is ordered without your consent',
  ],
  [
    'consent that is no boolean',
    { acme: 'agreed: yes' },
    "acme.agreed must be true or false, not 'yes'; write true",
  ],
  [
    'no consent in a text, for which nothing is proposed',
    { acme: 'agreed: off' },
    "acme.agreed must be true or false, not 'off'",
  ],
  [
    'no folder',
    { state: '' },
    'acme needs stateDirectory: authorities limit how many certificates they give; name a folder that survives restarts, such as stateDirectory: /var/lib/holdfast',
  ],
  ['a wildcard of a route', { hosts: ['*.example.org'] }, `routes[0].match.host ${wildcard}`],
  [
    'a wildcard among the names',
    { acme: "agreed: true, names: ['*.example.org']" },
    `acme.names[0] ${wildcard}`,
  ],
  [
    'an address',
    { hosts: ['10.0.0.1'] },
    'routes[0].match.host is an address (10.0.0.1), and certificates are obtained for names only; use a name',
  ],
  [
    'an address of the other kind',
    { acme: "agreed: true, names: ['::1']" },
    'acme.names[0] is an address ([::1]), and certificates are obtained for names only; use a name',
  ],
  [
    'no name',
    { hosts: [undefined] },
    'acme has no name to have a certificate for: no route has match.host; write names: [chat.example.com]',
  ],
  [
    'a URL as a name',
    { acme: 'agreed: true, names: [https://a.example.org]' },
    "acme.names[0] must be a name such as chat.example.com, not 'https://a.example.org'",
  ],
  [
    'a directory without TLS',
    { acme: 'agreed: true, directory: http://localhost:14000/dir' },
    "acme.directory must be the https URL of a directory, or one of letsencrypt, letsencrypt-staging, not 'http://localhost:14000/dir'",
  ],
  [
    'http-01 without a plain listener',
    { listen: '[{ address: 0.0.0.0:443, tls: auto }]', acme: 'agreed: true, challenge: http-01' },
    'acme.challenge is http-01, and every listener has tls; add a listener without, on port 80',
  ],
  [
    'two addresses of mail',
    { acme: 'agreed: true, email: "a@b.org,c@d.org"' },
    "acme.email must be one address such as admin@example.com, not 'a@b.org,c@d.org'",
  ],
  [
    'a key that is no variable',
    { acme: 'agreed: true, externalAccount: { keyId: a, hmacKey: secret }' },
    'acme.externalAccount.hmacKey must be a variable such as $ACME_HMAC_KEY; set it where holdfast is started',
  ],
  [
    'a key that is not set',
    { acme: 'agreed: true, externalAccount: { keyId: a, hmacKey: $NOT_SET }' },
    'acme.externalAccount.hmacKey names the variable NOT_SET, which is not set; set it where holdfast is started',
  ],
])('refused: %s', async (_, given, fault) => {
  expect(await faultOf(text(given))).toBe(fault)
})

describe('a warning', () => {
  const warnings = async (given: Text) =>
    (await linesFor(text(given))).map((line) => line.replace(/^[^ ]+ warning: /, ''))

  test('is not given for ports that the authority reaches', async () => {
    expect(await warnings({})).toEqual([])
    expect(await warnings({ listen: '[{ address: 0.0.0.0:443, tls: auto }]' })).toEqual([])
    expect(await warnings({ listen: '[0.0.0.0:80, { address: 0.0.0.0:8443, tls: auto }]' })).toEqual([])
  })

  test.each(['[0.0.0.0:8080, { address: 0.0.0.0:8443, tls: auto }]', '[{ address: 0.0.0.0:80, tls: auto }]'])(
    'is given where it reaches none: %s',
    async (listen) => {
      expect(await warnings({ listen })).toEqual([
        'acme has nothing that the authority reaches: it comes to port 80 (http-01) or port 443 (tls-alpn-01) of each name; listen there, or map one of these ports to a listener',
      ])
    },
  )

  test('is given for names that nobody outside knows, for keys without effect, and for hosts without a certificate', async () => {
    expect(await warnings({ hosts: ['chat.internal'] })).toEqual([
      'acme is to have a certificate for chat.internal, a name for which public authorities give none; name the directory of an authority of your own, and its ca',
    ])
    expect(await warnings({ listen: '[0.0.0.0:80]' })).toEqual([
      'acme has no effect: no listener has tls: auto; write tls: auto',
    ])
    const acme = 'agreed: true, names: [a.example.org]'
    expect(await warnings({ acme, hosts: ['a.example.org', 'b.example.org'] })).toEqual([
      'routes[1].match.host is a name that no certificate bears, so that clients of wss refuse it; there is a.example.org; add it to acme.names',
    ])
  })
})

test('a state directory is looked at: what is there, or the folder in which it would be made', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-state-'))
  try {
    expect(await stateDirectoryFault(folder)).toBeUndefined()
    expect(await stateDirectoryFault(join(folder, 'a/b'))).toBeUndefined()
    writeFileSync(join(folder, 'file'), '')
    expect(await stateDirectoryFault(join(folder, 'file'))).toMatchObject({
      level: 'error',
      wrong: { message: 'is not a folder' },
    })
    expect(await stateDirectoryFault(join(folder, 'file/x'))).toMatchObject({
      level: 'error',
      wrong: { message: 'is below a file' },
    })
    if (process.getuid?.() !== 0) {
      mkdirSync(join(folder, 'mine'), { mode: 0o500 })
      expect(await stateDirectoryFault(join(folder, 'mine/x'))).toMatchObject({ level: 'warning' })
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
