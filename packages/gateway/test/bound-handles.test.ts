import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tcpServer } from '@holdfast/testing'
import { expect, test } from 'vitest'
import {
  bindHandle,
  cannotListen,
  canShareHandles,
  formatHostPort,
  listen,
} from '../src/listen/bound-handles.ts'
import { leaveName, removeName } from '../src/listen/unix-listener.ts'

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

/** A socket with as long a path as it can have, and that much of it is its name. */
function longPath(base: string, nameLength: number): string {
  const longest = process.platform === 'linux' ? 107 : 103
  const folder = join(base, 'f'.repeat(longest - base.length - nameLength - 2))
  mkdirSync(folder)
  return join(folder, 's'.repeat(nameLength))
}

test.each([1, 5, 17, 30])(
  'a socket whose path is as long as can be, and its name %i, outlives its server',
  async (length) => {
    const base = mkdtempSync(join(tmpdir(), 'h'))
    const path = longPath(base, length)
    const server = net.createServer((socket) => socket.end('hello'))
    await listen(server, { host: `unix:${path}`, port: 0, mode: 0o600 })
    expect(readdirSync(join(path, '..'))).toEqual(['s'.repeat(length)])
    const [data] = await once(net.connect(path), 'data')
    expect(`${data}`).toBe('hello')
    // As for a process that goes on with it.
    expect(leaveName(path)).toBe(true)
    server.close()
    expect(existsSync(path)).toBe(true)
    removeName(path)
    expect(existsSync(path)).toBe(false)
    expect(leaveName(path)).toBe(false)
    rmSync(base, { recursive: true })
  },
)

test('a socket takes no name that somebody has got meanwhile, and leaves nothing behind', async () => {
  const base = mkdtempSync(join(tmpdir(), 'h'))
  const path = join(base, 'socket')
  const server = net.createServer()
  const listening = listen(server, { host: `unix:${path}`, port: 0 })
  server.once('listening', () => writeFileSync(path, 'of somebody else'))
  await expect(listening).rejects.toMatchObject({ code: 'cannot_listen' })
  expect(readdirSync(base)).toEqual(['socket'])
  rmSync(base, { recursive: true })
})
