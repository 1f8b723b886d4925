// The opening handshake (RFC 6455 4): what was asked, what was answered, and what is odd about it.
import { deflateAgreement, extensionsOf } from './extensions.ts'
import type { Fault, Handshake } from './result.ts'
import { sha1Base64 } from './sha1.ts'

/** The head of an HTTP message: its first line, and its fields by name in lower case. */
export interface Head {
  readonly text: string
  readonly first: string
  readonly fields: ReadonlyMap<string, string>
  readonly sound: boolean
}

export function head(first: string, fields: readonly (readonly [name: string, value: string])[]): Head {
  const map = new Map<string, string>()
  for (const [name, value] of fields) {
    const key = name.toLowerCase()
    const before = map.get(key)
    map.set(key, before === undefined ? value : `${before}, ${value}`)
  }
  const text = [first, ...fields.map(([name, value]) => `${name}: ${value}`)].join('\r\n')
  return { text, first, fields: map, sound: true }
}

/** The head in a text that ends before its empty line. */
export function parseHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n')
  const fields = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, Math.max(0, colon)), line.slice(colon + 1).trim()] as const
  })
  const sound = fields.every(([name]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name))
  return { ...head(first, fields), text, sound }
}

/** RFC 6455 1.3. */
const acceptFor = (key: string) => sha1Base64(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)

const hasToken = (value: string | undefined, token: string) =>
  value?.split(',').some((part) => part.trim().toLowerCase() === token) === true

const names = (value: string | undefined) => value?.split(',').map((name) => name.trim()) ?? []

export function handshakeOf(request: Head | undefined, response: Head | undefined): Handshake {
  const asked = request && requestFaults(request)
  const status = response && Number(/^HTTP\/\d\.\d (\d{3})/.exec(response.first)?.[1] ?? Number.NaN)
  const upgraded = status === 101
  const key = request?.fields.get('sec-websocket-key')
  const answer = response?.fields.get('sec-websocket-accept')
  const expected = key === undefined ? undefined : acceptFor(key)
  const accept = !upgraded || expected === undefined ? undefined : !answer ? 'missing' : answer === expected
  const agreed = upgraded && response ? agreement(request, response) : { faults: [] }
  const known = {
    request: request?.text,
    response: response?.text,
    status: Number.isNaN(status) ? undefined : status,
    accept: accept === true ? 'right' : accept === false ? 'wrong' : accept,
    protocol: upgraded ? response?.fields.get('sec-websocket-protocol') : undefined,
    offeredProtocols: request?.fields.get('sec-websocket-protocol'),
    extensions: upgraded ? response?.fields.get('sec-websocket-extensions') : undefined,
    offeredExtensions: request?.fields.get('sec-websocket-extensions'),
    deflate: agreed.deflate,
  } as const
  const faults: Fault[] = [...(asked ?? [])]
  if (response && !upgraded) faults.push({ what: 'refused', n: status })
  if (response && !response.sound) faults.push({ what: 'headSyntax' })
  if (accept === 'missing') faults.push({ what: 'acceptMissing' })
  if (accept === false) faults.push({ what: 'acceptWrong', n: expected! })
  faults.push(...agreed.faults)
  // What is not known is left out.
  const defined = Object.entries(known).filter(([, value]) => value !== undefined)
  return { ...Object.fromEntries(defined), faults }
}

/** RFC 6455 4.1 and 4.2.1: what a request has to have. */
function requestFaults({ first, fields, sound }: Head): Fault[] {
  const faults: Fault[] = []
  const check = (good: boolean, what: Fault['what'], n?: string) => {
    if (!good) faults.push(n === undefined ? { what } : { what, n })
  }
  const [method = '', , version = ''] = first.split(' ')
  check(sound, 'headSyntax')
  check(method === 'GET', 'notGet', method)
  check(!/^HTTP\/(?:0|1\.0)/.test(version), 'httpVersion', version)
  check(fields.has('host'), 'hostMissing')
  check(hasToken(fields.get('upgrade'), 'websocket'), 'upgradeMissing')
  check(hasToken(fields.get('connection'), 'upgrade'), 'connectionMissing')
  const key = fields.get('sec-websocket-key')
  check(key !== undefined, 'keyMissing')
  // RFC 6455 4.1: "a randomly selected 16-byte value that has been base64-encoded".
  check(key === undefined || /^[A-Za-z\d+/]{21}[AQgw]==$/.test(key), 'keyWrong', key)
  const asked = fields.get('sec-websocket-version')
  check(asked === '13', 'version', asked ?? '-')
  return faults
}

/** RFC 6455 4.1: what the answer may agree to. */
function agreement(request: Head | undefined, { fields }: Head): Pick<Handshake, 'deflate' | 'faults'> {
  const faults: Fault[] = []
  if (!hasToken(fields.get('upgrade'), 'websocket')) faults.push({ what: 'upgradeMissing' })
  if (!hasToken(fields.get('connection'), 'upgrade')) faults.push({ what: 'connectionMissing' })
  const protocol = fields.get('sec-websocket-protocol')
  const offered = request?.fields.get('sec-websocket-protocol')
  if (request && protocol !== undefined && !names(offered).includes(protocol))
    faults.push({ what: 'protocolNotOffered', n: protocol })
  if (protocol === undefined && offered !== undefined) faults.push({ what: 'protocolNotAgreed', n: offered })
  const agreed = extensionsOf(fields.get('sec-websocket-extensions') ?? '')
  if (!agreed) return { faults: [...faults, { what: 'extensionSyntax' }] }
  const offers = extensionsOf(request?.fields.get('sec-websocket-extensions') ?? '') ?? []
  for (const { name } of agreed)
    if (request && !offers.some((offer) => offer.name === name))
      faults.push({ what: 'extensionNotOffered', n: name })
  const compression = agreed.find(({ name }) => name === 'permessage-deflate')
  if (!compression) return { faults }
  const { deflate, faults: wrong } = deflateAgreement(compression)
  return { deflate, faults: [...faults, ...wrong] }
}
