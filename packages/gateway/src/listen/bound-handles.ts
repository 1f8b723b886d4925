// Binds addresses in such a way that workers can accept from them while this process only keeps them. That needs an
// internal of Node, which lives in this file alone; where it is missing, sockets are handed out instead.
import dns from 'node:dns/promises'
import { once } from 'node:events'
import net from 'node:net'
import { getSystemErrorName } from 'node:util'
import { GatewayError, type Handle, type HostPort, type ListenOptions, unixPath } from '../core/index.ts'
import { listenAt } from './unix-listener.ts'

/** The part of Node's own TCP handle that is used here. */
interface TcpHandle extends Handle {
  getsockname(into: { address?: string; port?: number }): number
}

/** What node:cluster binds with: a handle, or a negative error number. */
type CreateServerHandle = (
  address: string | null,
  port: number,
  addressType: 4 | 6,
  fd: number | undefined,
  flags: number,
) => TcpHandle | number

const createServerHandle = (net as unknown as { _createServerHandle?: CreateServerHandle })
  ._createServerHandle

/** Whether `bindHandle` works here. */
export const canShareHandles = typeof createServerHandle === 'function' && process.platform !== 'win32'

/**
 * Binds an address without listening on it. A worker that gets the handle listens; from then on the socket listens in
 * the kernel until the last process has closed it, so that connections queue there while no worker accepts.
 */
export async function bindHandle({ host, port }: HostPort): Promise<{ handle: Handle; port: number }> {
  const { address, family } = await resolve({ host, port })
  const handle = createServerHandle!(address, port, family as 4 | 6, undefined, 0)
  if (typeof handle === 'number') throw cannotListen({ host, port }, getSystemErrorName(handle))
  const bound: { port?: number } = {}
  // libuv tells of a taken address only at listen(), which would then choose any port: an address that was not bound
  // has no name.
  const failure = handle.getsockname(bound)
  if (failure !== 0 || !bound.port || (port !== 0 && bound.port !== port)) {
    handle.close()
    throw cannotListen({ host, port }, failure === 0 ? 'EADDRINUSE' : getSystemErrorName(failure))
  }
  return { handle, port: bound.port }
}

/** The handle of a socket that another process has bound, by its descriptor here; it is closed with that. */
export function inheritHandle(descriptor: number): { handle: Handle; port: number } {
  const handle = createServerHandle!(null, 0, 4, descriptor, 0)
  if (typeof handle === 'number')
    throw new GatewayError(
      'cannot_listen',
      'gateway',
      `descriptor ${descriptor}: ${getSystemErrorName(handle)}`,
    )
  const bound: { port?: number } = {}
  handle.getsockname(bound)
  return { handle, port: bound.port ?? 0 }
}

/** The descriptor of a bound handle, or of what a server listens on; -1 where there is none. */
export function descriptorOf(bound: Handle | net.Server): number {
  const { _handle: handle = bound } = bound as { _handle?: unknown }
  return (handle as { fd?: number } | null)?.fd ?? -1
}

/** Listens on a socket that another process has bound, by its descriptor here. */
export async function listenOn(server: net.Server, descriptor: number): Promise<void> {
  server.listen({ fd: descriptor, backlog })
  await once(server, 'listening')
}

async function resolve(address: HostPort): Promise<{ address: string; family: number }> {
  const family = net.isIP(address.host)
  if (family !== 0) return { address: address.host, family }
  try {
    return await dns.lookup(address.host)
  } catch (error) {
    throw cannotListen(address, (error as NodeJS.ErrnoException).code ?? 'ENOTFOUND')
  }
}

/** Why an address cannot be listened on and what to do about it, from the system's error code. */
export function cannotListen({ host, port }: HostPort, errno: string): GatewayError {
  const address = formatHostPort(host, port)
  const text = listenProblems[errno]?.(address, host)
  return new GatewayError('cannot_listen', 'gateway', text ?? `cannot listen on ${address}: ${errno}`)
}

const listenProblems: Record<string, (address: string, host: string) => string> = {
  EADDRINUSE: (address) =>
    `cannot listen on ${address}: the port is taken; stop the other program or choose another port`,
  EACCES: (address, host) =>
    unixPath(host) === undefined
      ? `cannot listen on ${address}: not permitted; ports below 1024 need root or CAP_NET_BIND_SERVICE`
      : `cannot listen on ${address}: not permitted; the user that runs holdfast must be allowed to write to its folder`,
  ENOENT: (address) => `cannot listen on ${address}: its folder is not there; make it`,
  EADDRNOTAVAIL: (address) =>
    `cannot listen on ${address}: this machine has no such address; 0.0.0.0 is all of them`,
  ENOTFOUND: (address, host) =>
    `cannot listen on ${address}: the name '${host}' is not known; use an IP address`,
  EAI_AGAIN: (address, host) =>
    `cannot listen on ${address}: the name '${host}' cannot be resolved; use an IP address`,
  EAFNOSUPPORT: (address) =>
    `cannot listen on ${address}: this machine does not do that kind of address; use IPv4`,
  EMFILE: (address) => `cannot listen on ${address}: too many open files; raise the limit (ulimit -n)`,
}

/** `host:port`, with brackets around an IPv6 address; a socket of the file system as it is. */
export function formatHostPort(host: string, port: number): string {
  if (unixPath(host) !== undefined) return host
  return net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`
}

/** Connections that may wait in the kernel to be accepted; it cuts this to its own limit (4,096 on Linux). */
export const backlog = 4096

/** Listens, or says in words why it cannot. The name of a socket of the file system is for {@link removeName} to remove. */
export async function listen(
  server: net.Server,
  { host, port, mode, owner }: HostPort & Pick<ListenOptions, 'mode' | 'owner'>,
): Promise<void> {
  const path = unixPath(host)
  try {
    if (path === undefined) await listening(server, { host, port })
    else await listenAt(path, { mode, owner }, (beside) => listening(server, { path: beside }))
  } catch (error) {
    server.close()
    if (error instanceof GatewayError) throw error
    throw cannotListen({ host, port }, (error as NodeJS.ErrnoException).code ?? 'UNKNOWN')
  }
}

function listening(server: net.Server, options: net.ListenOptions): Promise<unknown> {
  server.listen({ ...options, backlog })
  return once(server, 'listening')
}
