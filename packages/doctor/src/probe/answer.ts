import { Bytes } from './bytes.ts'
import type { HeaderList } from './request.ts'
import type { Wire } from './wire.ts'

/** What came back for a request. */
export type Answer =
  | { is: 'answer'; status: number; headers: HeaderList; body: string }
  /** The connection ended before an answer; `code` is the system's name of a reset, or '' for a plain end. */
  | { is: 'cut'; code: string }
  | { is: 'silence' }
  | { is: 'not-http'; sample: string }

export type HttpAnswer = Extract<Answer, { is: 'answer' }>

const maxHead = 64 * 1024
/** Of a page that says what is wrong, this much is read at most. */
const maxBody = 4 * 1024

/** Writes a request and reads the answer; what follows a 101 stays on the wire. */
export async function ask(wire: Wire, request: string, limit: AbortSignal): Promise<Answer> {
  wire.write(request)
  let gathered = new Bytes()
  let seen = 0
  for (;;) {
    const bytes = gathered.all
    const end = bytes.indexOf('\r\n\r\n', Math.max(0, seen - 3))
    seen = bytes.length
    if (!mayBeHttp(bytes) || (end < 0 && bytes.length > maxHead)) return notHttp(bytes)
    if (end >= 0) {
      const head = parseHead(bytes.toString('latin1', 0, end))
      if (!head) return notHttp(bytes)
      wire.unread(bytes.subarray(end + 4))
      // RFC 9110 15.2: "A client MUST be able to parse one or more 1xx responses received prior to a final response".
      if (head.status !== 101 && head.status < 200) {
        gathered = new Bytes()
        seen = 0
      } else if (head.status === 101) return { is: 'answer', ...head, body: '' }
      else return { is: 'answer', ...head, body: await readBody(wire, head.headers, limit) }
    }
    const more = await wire.read(limit)
    if (more === undefined) return { is: 'silence' }
    if (!Buffer.isBuffer(more)) return bytes.length > 0 ? notHttp(bytes) : { is: 'cut', code: codeOf(more) }
    gathered.append(more)
  }
}

function codeOf(ending: { is: 'end' } | { is: 'reset'; code: string }): string {
  return ending.is === 'reset' ? ending.code : ''
}

function mayBeHttp(bytes: Buffer): boolean {
  const start = 'HTTP/1.'
  const begun = bytes.toString('latin1', 0, start.length)
  return start.startsWith(begun)
}

function notHttp(bytes: Buffer): Answer {
  const sample = bytes.toString('latin1', 0, 40).replace(/[^ -~]+/g, '.')
  return { is: 'not-http', sample }
}

function parseHead(text: string): { status: number; headers: HeaderList } | undefined {
  const [first = '', ...lines] = text.split('\r\n')
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1]
  if (status === undefined) return undefined
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, Math.max(0, colon)).trim(), line.slice(colon + 1).trim()] as const
  })
  return { status: Number(status), headers }
}

/** The beginning of the body, as far as it comes; it is only for finding words in it. */
async function readBody(wire: Wire, headers: HeaderList, limit: AbortSignal): Promise<string> {
  const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1]
  const wanted = Math.min(maxBody, length === undefined ? maxBody : Number(length) || 0)
  let bytes: Buffer = Buffer.alloc(0)
  while (bytes.length < wanted && !bytes.includes('\r\n0\r\n\r\n')) {
    const more = await wire.read(limit)
    if (!Buffer.isBuffer(more)) break
    bytes = Buffer.concat([bytes, more])
  }
  return bytes.toString('utf8', 0, maxBody)
}
