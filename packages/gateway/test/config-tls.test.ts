import { generateKeyPairSync } from 'node:crypto'
import { certificate } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { tlsFaults } from '../src/config/tls.ts'

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

const words = (given: { cert: string; key: string }, at = now) =>
  tlsFaults(given, at).map(
    ({ key: which, level, wrong }) =>
      `${level} ${which} ${wrong.message}${wrong.fix ? `; ${wrong.fix}` : ''}`,
  )

describe('tlsFaults', () => {
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
      ['error key is encrypted; decrypt it: openssl pkey -in KEY -out NEW'],
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
    expect(line).toMatch(/^error cert is refused by OpenSSL: /)
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
})
