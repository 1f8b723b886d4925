// Listening on a socket of the file system: what is left of a crash is removed, and its rights are right from the start.
import { chmodSync, chownSync, lstatSync, readFileSync, unlinkSync } from 'node:fs'
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
export async function removeLeftOver(path: string): Promise<void> {
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
export function withMode<T>(mode: number | undefined, bind: () => T): T {
  if (mode === undefined) return bind()
  const before = process.umask(0o777 & ~mode)
  try {
    return bind()
  } finally {
    process.umask(before)
  }
}

/**
 * Gives the file of a listener the rights that its options say.
 *
 * @throws {GatewayError} There is no such user or group, or this process may not.
 */
export function applyRights(path: string, { mode, owner }: Pick<ListenOptions, 'mode' | 'owner'>): void {
  try {
    if (mode !== undefined) chmodSync(path, mode)
    if (!owner) return
    const { uid, gid } = lstatSync(path)
    const user = owner.user === undefined ? uid : idOf('/etc/passwd', owner.user)
    const group = owner.group === undefined ? gid : idOf('/etc/group', owner.group)
    if (user === undefined) throw cannot(path, `there is no user ${owner.user}; use a number`)
    if (group === undefined) throw cannot(path, `there is no group ${owner.group}; use a number`)
    if (user !== uid || group !== gid) chownSync(path, user, group)
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
