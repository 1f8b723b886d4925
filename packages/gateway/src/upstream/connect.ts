// In: an upstream's place. Out: a wire that is connected to it, with TLS where it speaks that, or why there is none. Next: dial.ts.
import dns from 'node:dns'
import net from 'node:net'
import tls from 'node:tls'
import { Connecting, canConnect, type SocketWire, StreamWire } from '../wire/index.ts'
import { AddressRace } from './address-race.ts'
import { connectFailure, type Failed, failed, unreachable } from './dial-failure.ts'
import { type Begun, type StageLimits, stage } from './dial-stage.ts'
import type { DialTarget } from './dial-target.ts'

type Connected = { ok: true; wire: SocketWire }

/** Every address of a name, in the order in which they are to be tried. */
type Lookup = (
  name: string,
  options: { all: true; hints: number },
  done: (error: NodeJS.ErrnoException | null, found: readonly { address: string }[]) => void,
) => void

/** Never rejects; what fails leaves no connection behind. `lookup`: the system's own way, /etc/hosts and all. */
export async function connect(
  target: DialTarget,
  limits: StageLimits,
  lookup: Lookup = dns.lookup,
): Promise<Connected | Failed> {
  if (limits.signal.aborted) return failed({ kind: 'aborted' })
  const { port, socketPath } = target
  const isValid = socketPath !== undefined || (Number.isInteger(port) && port >= 0 && port <= 65_535)
  if (!isValid) return unreachable('address not valid')
  const byStream = target.tls || !canConnect
  try {
    return await stage<Connected>(limits, (settle) =>
      byStream ? openStream(target, settle) : openHandle(target, limits, lookup, settle),
    )
  } catch {
    return unreachable('address not valid')
  }
}

type Settle = (result: Connected | Failed) => void

function openHandle(target: DialTarget, { clock }: StageLimits, lookup: Lookup, settle: Settle): Begun {
  const { port, socketPath } = target
  const host = target.host || 'localhost'
  const done = (result: SocketWire | NodeJS.ErrnoException) =>
    settle(result instanceof Error ? connectFailure(result, {}, target.host) : { ok: true, wire: result })
  if (socketPath !== undefined) return called(new Connecting({ path: socketPath }, done))
  if (net.isIP(host) !== 0) return called(new Connecting({ address: host, port }, done))
  let race: AddressRace | undefined
  let isOver = false
  // As Node's own sockets ask: for addresses of those families only that this machine has.
  lookup(host, { all: true, hints: process.platform === 'win32' ? 0 : dns.ADDRCONFIG }, (error, found) => {
    if (isOver) return
    if (error || found.length === 0) return done(error ?? Object.assign(new Error(), { code: 'ENOTFOUND' }))
    const addresses = found.map(({ address }) => address)
    race = new AddressRace(addresses, port, clock, done)
  })
  return {
    leave() {
      isOver = true
    },
    destroy: () => race?.destroy(),
  }
}

function called(connecting: Connecting): Begun {
  return { leave() {}, destroy: () => connecting.destroy() }
}

function openStream(target: DialTarget, settle: Settle): Begun {
  const socket = openSocket(target)
  // Another listener, or another event, says what has gone wrong.
  socket.on('error', ignore)
  socket.setNoDelay(true)
  const ready = target.tls ? 'secureConnect' : 'connect'
  const onReady = () => {
    settle({ ok: true, wire: new StreamWire(socket) })
    socket.off('error', ignore)
  }
  const onError = (error: Error) => settle(connectFailure(error, socket, target.host))
  const onClose = () => settle(unreachable('connection closed'))
  const leave = () => void socket.off(ready, onReady).off('error', onError).off('close', onClose)
  socket.on(ready, onReady).on('error', onError).on('close', onClose)
  return { leave, destroy: () => socket.destroy() }
}

function openSocket(target: DialTarget): net.Socket {
  const { host, port, socketPath } = target
  const place = socketPath === undefined ? { host, port } : { path: socketPath }
  if (!target.tls) return net.connect(place)
  const { servername, ...options } = tlsOptions(target)
  return tls.connect({
    ...place,
    ...options,
    servername: servername === '' ? undefined : servername,
    ALPNProtocols: ['http/1.1'],
  })
}

/** How TLS is spoken to an upstream. */
export function tlsOptions({ serverName, secure }: DialTarget) {
  const { ca, cert, key, pkcs12, serverName: name = serverName, verify = true } = secure ?? {}
  const pfx = pkcs12 && { pfx: Buffer.from(pkcs12.data, 'base64'), passphrase: pkcs12.passphrase }
  // RFC 6066 3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"". The certificate is then checked
  // against the address that is dialled.
  return { ca, cert, key, ...pfx, rejectUnauthorized: verify, servername: net.isIP(name) === 0 ? name : '' }
}

function ignore(): void {}
