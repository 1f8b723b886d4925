// Listening on a socket of the file system: what is left of a crash is removed, and its rights are right from the start.
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
} from 'node:fs'
import net from 'node:net'
import { GatewayError, type ListenOptions } from '../core/index.ts'

/** Milliseconds in which whoever listens there already must have taken a connection. */
const answersWithinMs = 1000

function cannot(path: string, words: string): GatewayError {
  return new GatewayError('cannot_listen', 'gateway', `cannot listen on unix:${path}: ${words}`)
}

/**
 * Removes the file of a socket that nobody answers on: bind(2) does not take a name that is there.
 *
 * @throws {GatewayError} Somebody answers, or what is there is no socket.
 */
async function removeLeftOver(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (!found) return
  if (!found.isSocket())
    throw cannot(path, 'there is a file of that name, which is no socket; choose another name')
  if (await isAnswered(path))
    throw cannot(path, 'another program listens there; stop it or choose another name')
  try {
    unlinkSync(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT')
      throw cannot(path, `what an earlier program has left there cannot be removed (${code})`)
  }
}

/** connect(2): only ECONNREFUSED says that nobody listens; a full queue is somebody's. */
function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ path })
    const settle = (is: boolean) => {
      clearTimeout(timer)
      socket.destroy()
      resolve(is)
    }
    const timer = setTimeout(settle, answersWithinMs, true)
    socket.on('connect', () => settle(true))
    socket.on('error', ({ code }: NodeJS.ErrnoException) =>
      settle(code !== 'ECONNREFUSED' && code !== 'ENOENT'),
    )
  })
}

/** Calls back while new files get no more rights than `mode`: bind(2) makes the file, and it must never have had more. */
function withMode<T>(mode: number | undefined, bind: () => T): T {
  if (mode === undefined) return bind()
  const before = process.umask(0o777 & ~mode)
  try {
    return bind()
  } finally {
    process.umask(before)
  }
}

/**
 * Gives the file of a listener the rights that its options say. `path`: its name, where it is at another one `at` the moment.
 *
 * @throws {GatewayError} There is no such user or group, or this process may not.
 */
export function applyRights(
  at: string,
  { mode, owner }: Pick<ListenOptions, 'mode' | 'owner'>,
  path = at,
): void {
  try {
    if (mode !== undefined) chmodSync(at, mode)
    if (!owner) return
    const { uid, gid } = lstatSync(at)
    const user = owner.user === undefined ? uid : idOf('/etc/passwd', owner.user)
    const group = owner.group === undefined ? gid : idOf('/etc/group', owner.group)
    if (user === undefined) throw cannot(path, `there is no user ${owner.user}; use a number`)
    if (group === undefined) throw cannot(path, `there is no group ${owner.group}; use a number`)
    if (user !== uid || group !== gid) chownSync(at, user, group)
  } catch (error) {
    if (error instanceof GatewayError) throw error
    const { code } = error as NodeJS.ErrnoException
    throw cannot(path, `its mode or owner cannot be set (${code}); only root may give a file away`)
  }
}

/** The number of a name in such a file (passwd(5), group(5)), or the number that the name is. */
function idOf(file: string, name: string): number | undefined {
  if (/^\d{1,9}$/.test(name)) return Number(name)
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${name}:`))
  const id = line?.split(':')[2]
  return id === undefined ? undefined : Number(id)
}

/** Bytes that the address of a socket has for its path, less the NUL behind it (unix(7)). */
const longestPath = process.platform === 'linux' ? 107 : 103

/** A name in the same folder that nobody has, and that is no longer than an address can be. */
function nameBeside(path: string): string {
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const room = longestPath - Buffer.byteLength(folder)
  for (;;) {
    const random = randomBytes(8).toString('hex')
    const name = `${folder}${room > random.length ? `.${random}` : random.slice(0, Math.max(1, room))}`
    if (!lstatSync(name, { throwIfNoEntry: false })) return name
  }
}

/** The names of this process's sockets. */
const ownNames = new Set<string>()
const removeOwnNames = () => {
  for (const path of ownNames) removeName(path)
}

/**
 * Binds a socket of the file system and gives it its name as soon as it listens, with its rights: nobody finds it before. libuv removes a
 * name that it has bound when it closes the socket, and it has bound another one: so the name can be left to a process that goes on.
 *
 * @throws {GatewayError} Its rights cannot be set.
 */
export async function listenAt(
  path: string,
  { mode, owner }: Pick<ListenOptions, 'mode' | 'owner'>,
  bind: (path: string) => Promise<unknown>,
): Promise<void> {
  await removeLeftOver(path)
  const beside = nameBeside(path)
  await withMode(mode, () => bind(beside))
  try {
    applyRights(beside, { mode, owner }, path)
    rename(beside, path)
  } finally {
    rmSync(beside, { force: true })
  }
  if (ownNames.size === 0) process.once('exit', removeOwnNames)
  ownNames.add(path)
}

/** Never over a file that is there: somebody else has begun to listen. */
function rename(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw Object.assign(new Error(to), { code: 'EADDRINUSE' })
    // Not every file system has that, nor allows it to everybody.
    renameSync(from, to)
  }
}

/** Another process goes on with this socket: its name is not this one's to remove any more. False when there is no such name. */
export function leaveName(path: string): boolean {
  ownNames.delete(path)
  return existsSync(path)
}

/** Removes the name of a socket that is closed. In vain where this process may not. */
export function removeName(path: string): void {
  ownNames.delete(path)
  if (ownNames.size === 0) process.off('exit', removeOwnNames)
  try {
    rmSync(path, { force: true })
  } catch {
    // The next one that listens there removes it, or says that it cannot.
  }
}
