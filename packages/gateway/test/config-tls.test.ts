import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { authority, certificate, type Issued, runtime, selfSigned } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { authorityFaults, type CertificateFiles, type CertificateUse, readTls } from '../src/config/tls.ts'

const { cert, key } = certificate()
const now = Date.now()
const other = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey
const encrypted = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
}).privateKey
const half = (pem: string) => pem.slice(0, pem.length / 2)

const words = (given: CertificateFiles, at = now, use?: CertificateUse) =>
  readTls(given, at, use).faults.map(
    ({ key: which, level, wrong }) =>
      `${level} ${which} ${wrong.message}${wrong.fix ? `; ${wrong.fix}` : ''}`,
  )

const fixture = (name: string) => readFileSync(new URL(`../../../testing/fixtures/${name}`, import.meta.url))
const locked = (issued: Issued, passphrase: string): Issued => ({
  cert: issued.cert,
  key: createPrivateKey(issued.key)
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase })
    .toString(),
})

describe('readTls', () => {
  test('finds nothing in a certificate with its key', () => {
    expect(words({ cert, key })).toEqual([])
  })

  test.each([
    [
      'a key of another certificate',
      { cert, key: other },
      ['error key does not belong to the certificate; use the key that the certificate was made for'],
    ],
    [
      'an encrypted key',
      { cert, key: encrypted },
      ['error key is encrypted; name the variable with its passphrase: passphrase: $NAME'],
    ],
    [
      'swapped files',
      { cert: key, key: cert },
      [
        'error cert holds no PEM certificate; cert and key are swapped',
        'error key holds no PEM private key; cert and key are swapped',
      ],
    ],
    [
      'empty files',
      { cert: '', key: '' },
      ['error cert holds no PEM certificate', 'error key holds no PEM private key'],
    ],
    [
      'files cut off',
      { cert: half(cert), key: half(key) },
      [
        'error cert holds a certificate that cannot be read; it may be cut off',
        'error key holds a private key that cannot be read; it may be cut off',
      ],
    ],
  ])('finds %s', (_, given, expected) => {
    expect(words(given)).toEqual(expected)
  })

  test('finds a broken certificate later in the chain', () => {
    const [line, ...others] = words({ cert: `${cert}\n${half(cert)}\n-----END CERTIFICATE-----\n`, key })
    expect(line).toBe('error cert holds a certificate that cannot be read; it may be cut off')
    expect(others).toEqual([])
  })

  test('warns of a certificate out of its dates', () => {
    expect(words({ cert, key }, Date.UTC(2999, 0))).toEqual([
      expect.stringMatching(/^warning cert expired on .*; clients will refuse it$/),
    ])
    expect(words({ cert, key }, Date.UTC(1999, 0))).toEqual([
      expect.stringMatching(/^warning cert is not valid before .*; clients will refuse it$/),
    ])
  })

  test('opens an encrypted key with its passphrase, in both forms of PEM', () => {
    const plain = selfSigned({ names: ['a.test'] })
    const { cert, key } = locked(plain, 'secret')
    expect(readTls({ cert, key, passphrase: 'secret' }, now)).toEqual({ tls: plain, faults: [] })
    const old = createPrivateKey(plain.key)
      .export({ type: 'sec1', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'secret' })
      .toString()
    expect(old).toContain('Proc-Type: 4,ENCRYPTED')
    expect(readTls({ cert, key: old, passphrase: 'secret' }, now)).toEqual({ tls: plain, faults: [] })
    for (const wrong of ['Secret', ''])
      expect(words({ cert, key, passphrase: wrong })).toEqual([
        'error passphrase does not open the key; check the value of the variable',
      ])
    // A passphrase that is not needed does no harm.
    expect(words({ ...plain, passphrase: 'secret' })).toEqual([])
  })

  test('finds no name, and an end of use', () => {
    expect(words(selfSigned({}))).toEqual([
      'warning cert bears no name (subjectAltName); clients will refuse it, whatever its subject is',
    ])
    const forClients = selfSigned({ names: ['a.test'], usages: ['client'] })
    expect(words(forClients)).toEqual([expect.stringMatching(/^warning cert is not for servers/)])
    expect(words(forClients, now, 'client')).toEqual([])
    const forServers = selfSigned({ usages: ['server'] })
    expect(words(forServers, now, 'client')).toEqual([
      expect.stringMatching(/^warning cert is not for clients/),
    ])
    expect(words(selfSigned({ names: ['a.test'], usages: ['client', 'server'] }))).toEqual([])
  })

  describe('of a chain', () => {
    const root = authority('Root')
    const middle = root.intermediate('Middle')
    const { cert, key } = middle.issue({ names: ['a.test'] })
    const incomplete = (of: string) =>
      `warning cert has an incomplete chain: it ends at one signed by CN=${of}, which is no public root; append what the authority calls chain or fullchain; of a private authority whose root signs, its own certificate`
    const order =
      'warning cert has its certificates in the wrong order; each is to be followed by the one that signed it; some clients refuse any other order'

    test.each([
      ['whole', [cert, middle.cert, root.cert], []],
      ['signed by what clients of a private authority have', [cert], []],
      ['without the root', [cert, middle.cert], []],
      ['with the middle left out', [cert, root.cert], [incomplete('Middle')]],
      ['turned around behind the first', [cert, root.cert, middle.cert], [order]],
      [
        'turned around',
        [root.cert, middle.cert, cert],
        [
          'error cert has its certificates in the wrong order: that of the key is not the first; put it first, then the one that signed it, and so on',
        ],
      ],
    ])('%s', (_, chain, expected) => {
      expect(words({ cert: chain.join(''), key })).toEqual(expected)
    })

    test.skipIf(runtime().name === 'bun')(
      'that says where to have what signed it, and has not got it',
      () => {
        const issued = middle.issue({ names: ['a.test'], signerUrl: 'http://ca.test/middle.crt' })
        expect(words(issued)).toEqual([incomplete('Middle')])
        expect(words({ ...issued, cert: issued.cert + middle.cert })).toEqual([])
      },
    )

    test('nothing is asked of that of a client', () => {
      expect(words({ cert, key }, now, 'client')).toEqual([])
    })
  })

  test.skipIf(runtime().name === 'bun')('reads PKCS#12, and says what is wrong with it', () => {
    const pkcs12 = fixture('pkcs12.p12')
    const { tls, faults } = readTls({ pkcs12, passphrase: 'secret' }, now)
    expect(faults).toEqual([])
    expect(tls?.pkcs12).toEqual({ data: pkcs12.toString('base64'), passphrase: 'secret' })
    expect(tls?.cert).toContain('BEGIN CERTIFICATE')
    expect(words({ pkcs12, passphrase: 'wrong' })).toEqual([
      'error passphrase does not open the file; check the value of the variable',
    ])
    expect(words({ pkcs12 })).toEqual([
      'error pkcs12 is encrypted; name the variable with its passphrase: passphrase: $NAME',
    ])
    expect(words({ pkcs12: Buffer.from(cert) })).toEqual([
      'error pkcs12 is PEM; name it as cert, and its key as key',
    ])
    expect(words({ pkcs12: pkcs12.subarray(0, 500), passphrase: 'secret' })).toEqual([
      expect.stringMatching(/^error pkcs12 is refused by OpenSSL: .*; it may be cut off$/),
    ])
    expect(words({ pkcs12: fixture('pkcs12-old.p12'), passphrase: 'secret' })).toEqual([
      expect.stringMatching(
        /^error pkcs12 is refused by OpenSSL: .*; its cipher is too old: openssl pkcs12 -legacy/,
      ),
    ])
    expect(words({ cert: pkcs12.toString(), key })).toEqual([
      expect.stringMatching(/^error cert holds no PEM certificate; PKCS#12 is named as pkcs12/),
    ])
  })
})

test('authorityFaults finds what is no certificate, and takes several', () => {
  expect(authorityFaults(authority('A').cert + authority('B').cert)).toEqual([])
  const [fault] = authorityFaults('nothing')
  expect(`${fault?.key} ${fault?.wrong.message}`).toBe('ca holds no PEM certificate')
})
