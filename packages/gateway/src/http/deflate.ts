// What an agreement about permessage-deflate means (RFC 7692 7.1), however it is written. Pure. Next: reattach.ts.
import { type Extension, parseExtensions, writeExtensions } from './extensions.ts'
import { type HeaderList, values } from './headers.ts'

/** RFC 7692 6: permessage-deflate uses RSV1 alone. */
export const deflateRsv = 0x40

const serverNoTakeover = 'server_no_context_takeover'
const clientNoTakeover = 'client_no_context_takeover'
const serverWindow = 'server_max_window_bits'
const clientWindow = 'client_max_window_bits'

/** Windows in bits; takeover: messages may refer to those before them. */
interface Meaning {
  serverBits: number
  clientBits: number
  serverTakeover: boolean
}

export const isDeflate = ({ name }: Extension) => name.toLowerCase() === 'permessage-deflate'

/** RSV bits that the agreed extensions may set, as they stand in the first byte of a frame. */
export function rsvOf(extensions: string | undefined): number {
  const agreed = parseExtensions(extensions ?? '') ?? []
  if (agreed.length === 0) return 0
  // What other extensions use is not ours to know.
  return agreed.every(isDeflate) ? deflateRsv : 0x70
}

/** Undefined: parameters that RFC 7692 does not know, twice the same one, or a value that it does not allow. */
function meaningOf({ params }: Extension): Meaning | undefined {
  const given = new Map(params.map(([name, value]) => [name.toLowerCase(), value]))
  if (given.size < params.length) return undefined
  for (const [name, value] of given) {
    if (name === serverNoTakeover || name === clientNoTakeover) {
      if (value !== true) return undefined
    } else if (name === serverWindow || name === clientWindow) {
      // RFC 7692 7.1.2: "a decimal integer value without leading zeroes between 8 to 15, inclusive".
      if (value === true || !/^(?:[89]|1[0-5])$/.test(value)) return undefined
    } else return undefined
  }
  // RFC 7692 7.1.2.1: without the parameter the window is the greatest that there is, "32,768 bytes", which is 15 bits.
  return {
    serverBits: Number(given.get(serverWindow) ?? 15),
    clientBits: Number(given.get(clientWindow) ?? 15),
    serverTakeover: !given.has(serverNoTakeover),
  }
}

/**
 * What a client that may get another upstream is told. RFC 7692 7.1.1.2: a server may include
 * `client_no_context_takeover` unasked. The next upstream can then read what the client sends: no message refers to one
 * that only the last upstream has seen.
 */
export function withoutClientTakeover(extensions: string | undefined): string | undefined {
  const agreed = parseExtensions(extensions ?? '') ?? []
  const deflate = agreed.find(isDeflate)
  if (!deflate || deflate.params.some(([name]) => name.toLowerCase() === clientNoTakeover)) return extensions
  deflate.params.push([clientNoTakeover, true])
  return writeExtensions(agreed)
}

/**
 * Jetty 9 as a client takes `client_no_context_takeover` to be about what it receives, and fails the connection at the
 * second compressed message. So it gets no compression where it would have to be told that.
 */
export function misreadsClientTakeover(headers: HeaderList): boolean {
  return values(headers, 'user-agent').some((agent) => /^Jetty\/9\./.test(agent))
}

/**
 * Whether a client that goes by one agreement, and was told `client_no_context_takeover` besides, can go on with a
 * server that goes by the other.
 */
export function canGoOn(told = '', said = ''): boolean {
  const client = parseExtensions(told)
  const server = parseExtensions(said)
  if (!client || !server || client.length !== server.length) return false
  return client.every((extension, i) => fits(extension, server[i]!))
}

function fits(client: Extension, server: Extension): boolean {
  if (canonical(client) === canonical(server)) return true
  const asClient = isDeflate(client) && meaningOf(client)
  const asServer = isDeflate(server) && meaningOf(server)
  if (!asClient || !asServer) return false
  return (
    // What the server compresses must fit into the client's window, and start afresh where the client does.
    asServer.serverBits <= asClient.serverBits &&
    (asClient.serverTakeover || !asServer.serverTakeover) &&
    // What the client compresses must fit into the server's; it never refers to what an earlier message said.
    asClient.clientBits <= asServer.clientBits
  )
}

function canonical({ name, params }: Extension): string {
  const written = params.map(([param, value]) => `${param.toLowerCase()}=${value}`)
  return [name.toLowerCase(), ...written.sort()].join(';')
}
