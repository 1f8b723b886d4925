// What the access log says of a request as it came.
import type { AccessEntry, Asked, UnixMs } from '../core/index.ts'
import { clientAddress } from './forwarded.ts'
import { Fields, type HeaderList, values } from './headers.ts'
import type { Incoming, Source } from './upgrade-request.ts'

/** The parts of a request that the log shows. */
interface Shown {
  method?: string
  target: string
  httpVersion: string
  authority: string
  headers: HeaderList
}

export function askedOf({ method, target, httpVersion, authority, headers }: Shown, at: UnixMs): Asked {
  const first = (name: string) => values(headers, name)[0]
  return {
    at,
    // RFC 8441 4: a WebSocket over HTTP/2 is asked for by an extended CONNECT.
    method: method ?? (httpVersion === '2' ? 'CONNECT' : 'GET'),
    target,
    http: httpVersion,
    host: authority,
    userAgent: first('user-agent'),
    referer: first('referer'),
    origin: first('origin'),
  }
}

/** What is known of a request that was not understood, and was answered so; `req` where there was one. */
export function refusedEntry(
  status: number,
  { address: peer, trusted }: Source,
  req: Incoming | undefined,
  at: UnixMs,
): AccessEntry {
  const fields = Fields.of(req ?? { rawHeaders: [] })
  const pseudo = (name: string) => {
    const at = req?.rawHeaders.indexOf(name) ?? -1
    return at < 0 ? undefined : req?.rawHeaders[at + 1]
  }
  const isHandshake = /websocket/i.test(`${fields.first('upgrade')} ${pseudo(':protocol')}`)
  const entry: AccessEntry = {
    kind: isHandshake ? 'websocket' : 'http',
    at,
    address: clientAddress(peer, fields.list, trusted),
    status,
  }
  if (!req) return entry
  const { method = '', url: target = '' } = req
  const httpVersion = req.httpVersionMajor === 2 ? '2' : req.httpVersion
  const authority = fields.first('host') ?? pseudo(':authority') ?? ''
  return { ...entry, asked: askedOf({ method, target, httpVersion, authority, headers: fields.list }, at) }
}
