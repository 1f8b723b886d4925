// TLS handshakes of clients that do not succeed: why is counted, and said now and then.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { promisify } from 'node:util'
import {
  authority,
  eventually,
  type Holdfast,
  runtime,
  startHoldfast,
  startUpstream,
  wsClient,
} from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { tlsRefusal } from '../src/listen/tls-refusal.ts'

const root = authority('Holdfast Test Root')
const clients = authority('Holdfast Test Clients')
const others = authority('Holdfast Test Others')

/** A gateway that asks its clients for a certificate, and the ways to fail there. */
async function scene(certificates: number) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const own = Array.from({ length: certificates }, (_, i) => {
    const { cert, key } = root.issue({ names: [`${'abc'[i]}.test`] })
    return { cert: write(`${i}.pem`, cert), key: write(`${i}.key`, key) }
  })
  const upstream = await startUpstream()
  const ca = write('clients.pem', clients.cert)
  const holdfast = await startHoldfast({
    config: {
      workers: 1,
      listen: [{ address: '127.0.0.1:0', tls: own, clientCertificates: { ca } }],
      pending: { timeout: '2s' },
      routes: [{ name: 'r', upstreams: [upstream.url] }],
    },
  })
  return {
    holdfast,
    port: Number(new URL(holdfast.url).port),
    async [Symbol.asyncDispose]() {
      await holdfast[Symbol.asyncDispose]()
      await upstream[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3'
const suspicious = `
import socket, ssl, sys
context = ssl.create_default_context()
context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="a.test")
`

/** How often each reason was counted, without those that were not. */
async function counted(holdfast: Holdfast): Promise<Record<string, number>> {
  const { body } = await holdfast.api('/metrics')
  const found = String(body).matchAll(
    /^holdfast_sockets_refused_total\{reason="tls-([\w-]+)"\} ([1-9]\d*)$/gm,
  )
  return Object.fromEntries([...found].map(([, reason, count]) => [reason, Number(count)]))
}

const ends = (socket: net.Socket) =>
  new Promise((resolve) =>
    socket
      .on('error', () => {})
      .on('close', resolve)
      .resume(),
  )

// Bun tells of few of these, and not why.
describe.skipIf(runtime().name !== 'node').each([1, 2])(
  'with %i certificates each reason is counted',
  (certificates) => {
    test('and said in the log, once, with what is wrong', async () => {
      await using it = await scene(certificates)
      const { holdfast, port } = it
      const good = clients.issue({ names: ['ann'] })
      const connect = (options: tls.ConnectionOptions) =>
        ends(tls.connect({ port, host: '127.0.0.1', servername: 'a.test', ca: root.cert, ...options }))
      const raw = async (bytes: string) => {
        const socket = net.connect(port, '127.0.0.1')
        if (bytes) socket.write(bytes)
        await ends(socket)
      }
      await connect({})
      await connect(others.issue({ names: ['mallory'] }))
      const expired = clients.issue({
        names: ['ann'],
        from: Date.UTC(2020),
        to: Date.UTC(2021),
      })
      await connect({ ...expired, maxVersion: 'TLSv1.2' })
      // Node looks at certificates when the handshake is done; other clients say what they think of them in it.
      await promisify(execFile)(python, ['-c', suspicious, String(port)]).catch(() => {})
      await connect({ ...good, maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' })
      await raw('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')
      await raw('\0\x01\x02hello hello hello hello')
      const left = net.connect(port, '127.0.0.1')
      await once(left, 'connect')
      left.destroy()
      const silent = net.connect(port, '127.0.0.1')
      silent.write(Buffer.from([22, 3, 1]))
      await ends(silent)
      await using client = wsClient(holdfast.url, good)
      await client.opened
      const expected = {
        'client-certificate': 3,
        certificate: 1,
        version: 1,
        plain: 2,
        closed: 1,
        timeout: 1,
      }
      let seen: unknown
      await eventually('all counts', async () => {
        seen = await counted(holdfast)
        return Object.values(seen as object).reduce((sum, n) => sum + n, 0) === 9
      })
      expect(seen).toEqual(expected)
      const lines = () => holdfast.log.filter(({ msg }) => msg === 'TLS handshakes did not succeed')
      await eventually('a line for each', () => lines().length >= 5)
      const reasons = lines().map(({ reason }) => String(reason).replace('tls-', ''))
      expect(reasons.sort()).toEqual(['certificate', 'client-certificate', 'plain', 'timeout', 'version'])
      for (const line of lines())
        expect(line).toMatchObject({ address: '127.0.0.1', times: 1, code: expect.any(String) })
    })
  },
)

test.each([
  ['ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE', undefined, 'tls-client-certificate'],
  ['ECONNRESET', 'CERT_HAS_EXPIRED', 'tls-client-certificate'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', undefined, 'tls-certificate'],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN', undefined, 'tls-certificate'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', undefined, 'tls-certificate'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', undefined, 'tls-certificate'],
  ['ERR_SSL_NO_SHARED_CIPHER', undefined, 'tls-version'],
  ['ERR_SSL_UNSUPPORTED_PROTOCOL', undefined, 'tls-version'],
  ['ERR_SSL_NO_APPLICATION_PROTOCOL', undefined, 'tls-version'],
  ['ERR_SSL_HTTP_REQUEST', undefined, 'tls-plain'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', undefined, 'tls-plain'],
  ['ERR_TLS_HANDSHAKE_TIMEOUT', undefined, 'tls-timeout'],
  ['ECONNRESET', undefined, 'tls-closed'],
  ['ERR_SSL_INTERNAL_ERROR', undefined, 'tls-other'],
  ['unknown', undefined, 'tls-other'],
])('%s, of a client certificate %s, is %s', (code, authorizationError, reason) => {
  expect(tlsRefusal(code, { authorizationError })).toMatchObject({ reason })
})
