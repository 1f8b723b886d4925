import { tcpServer } from '@holdfast/testing'
import { expect, test } from 'vitest'
import { bindHandle, cannotListen, canShareHandles, formatHostPort } from '../src/listen/bound-handles.ts'

test('this runtime can share handles', () => {
  expect(canShareHandles).toBe(true)
})

test.each(['127.0.0.1', '::1', 'localhost'])('bindHandle binds %s to a port of its own', async (host) => {
  const { handle, port } = await bindHandle({ host, port: 0 })
  expect(port).toBeGreaterThan(0)
  handle.close()
})

test('bindHandle finds a taken port before anybody listens on another', async () => {
  await using taken = await tcpServer(() => {})
  const address = { host: '127.0.0.1', port: taken.port }
  await expect(bindHandle(address)).rejects.toMatchObject({
    code: 'cannot_listen',
    message: `cannot listen on 127.0.0.1:${taken.port}: the port is taken; stop the other program or choose another port`,
  })
})

test('bindHandle says that an address is not of this machine', async () => {
  await expect(bindHandle({ host: '192.0.2.1', port: 0 })).rejects.toThrow(/this machine has no such address/)
})

test('bindHandle says that a name is not known', async () => {
  await expect(bindHandle({ host: 'no-such-name.invalid', port: 0 })).rejects.toThrow(
    /^cannot listen on no-such-name\.invalid:0: the name 'no-such-name\.invalid' /,
  )
})

test.each(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'EMFILE', 'EWHATEVER'])(
  'cannotListen puts %s in one line',
  (errno) => {
    expect(cannotListen({ host: '::', port: 80 }, errno).message).toMatch(
      /^cannot listen on \[::\]:80: [^\n]+$/,
    )
  },
)

test('formatHostPort puts IPv6 addresses in brackets', () => {
  expect(formatHostPort('::1', 80)).toBe('[::1]:80')
  expect(formatHostPort('localhost', 80)).toBe('localhost:80')
})
