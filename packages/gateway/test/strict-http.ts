// HTTP/1.1 read strictly and without any library, so that it can judge one: whatever is not exactly what RFC 9112 has a
// sender write is an error.

export interface StrictMessage {
  /** 'GET /a HTTP/1.1', or 'HTTP/1.1 200 OK'. */
  start: string
  fields: [name: string, value: string][]
  body: string
  trailers: [name: string, value: string][]
  /** How the end of the body is known. */
  framing: 'none' | 'length' | 'chunks' | 'close'
}

export interface StrictOptions {
  /** Methods of the requests that the messages answer; absent: the messages are requests. */
  answerTo?: string[]
  /** Whether the connection has ended. */
  ended?: boolean
}

/** Every whole message in the bytes, and what is left of them. Throws for what is none. */
export function strictMessages(
  bytes: string,
  { answerTo, ended = false }: StrictOptions = {},
): { messages: StrictMessage[]; interim: StrictMessage[]; rest: string } {
  const messages: StrictMessage[] = []
  const interim: StrictMessage[] = []
  let rest = bytes
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) break
    const [start = '', ...lines] = rest.slice(0, end).split('\r\n')
    const fields = lines.map(field)
    const status = answerTo ? statusOf(start) : undefined
    if (!answerTo && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [!-~\x80-\xff]+ HTTP\/1\.[01]$/.test(start))
      throw new Error(`no request line: ${start}`)
    const message: StrictMessage = { start, fields, body: '', trailers: [], framing: 'none' }
    const content = rest.slice(end + 4)
    const length = readBody(message, content, ended, status, answerTo?.[messages.length])
    if (length === undefined) break
    rest = content.slice(length)
    if (status !== undefined && status < 200) interim.push(message)
    else messages.push(message)
  }
  return { messages, interim, rest }
}

function statusOf(start: string): number {
  const [, status] = /^HTTP\/1\.1 (\d{3}) [\t -~\x80-\xff]*$/.exec(start) ?? []
  if (status === undefined) throw new Error(`no status line: ${start}`)
  return Number(status)
}

function field(line: string): [string, string] {
  const [, name, value] =
    /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*((?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)[\t ]*$/.exec(line) ?? []
  if (name === undefined) throw new Error(`no field line: ${JSON.stringify(line)}`)
  return [name, value ?? '']
}

export function fieldValues(fields: StrictMessage['fields'], name: string): string[] {
  return fields.filter(([field]) => field.toLowerCase() === name).map(([, value]) => value)
}

/** Fills in the body and returns how many bytes it takes; undefined while it is not whole. */
function readBody(
  message: StrictMessage,
  content: string,
  ended: boolean,
  status: number | undefined,
  method: string | undefined,
): number | undefined {
  const codings = fieldValues(message.fields, 'transfer-encoding')
  const lengths = fieldValues(message.fields, 'content-length')
  if (codings.length + lengths.length > 1) throw new Error('framed in more than one way')
  if (codings.length === 1 && codings[0] !== 'chunked') throw new Error(`coding ${codings[0]}`)
  if (lengths.length === 1 && !/^\d+$/.test(lengths[0]!)) throw new Error(`length ${lengths[0]}`)
  if (status !== undefined && (method === 'HEAD' || status < 200 || status === 204 || status === 304))
    return 0
  if (codings.length === 1) {
    message.framing = 'chunks'
    return readChunks(message, content)
  }
  if (lengths.length === 1) {
    message.framing = 'length'
    const length = Number(lengths[0])
    message.body = content.slice(0, length)
    return content.length < length ? undefined : length
  }
  if (status === undefined) return 0
  message.framing = 'close'
  message.body = content
  return ended ? content.length : undefined
}

function readChunks(message: StrictMessage, content: string): number | undefined {
  for (let at = 0; ; ) {
    const line = content.indexOf('\r\n', at)
    if (line < 0) return undefined
    const text = content.slice(at, line)
    if (!/^[0-9A-Fa-f]+$/.test(text)) throw new Error(`no chunk size: ${text}`)
    const size = Number.parseInt(text, 16)
    if (size === 0) return readTrailers(message, content, line + 2)
    if (content.length < line + 2 + size + 2) return undefined
    message.body += content.slice(line + 2, line + 2 + size)
    at = line + 2 + size + 2
    if (content.slice(at - 2, at) !== '\r\n') throw new Error('a chunk without an end')
  }
}

function readTrailers(message: StrictMessage, content: string, from: number): number | undefined {
  for (let at = from; ; ) {
    const line = content.indexOf('\r\n', at)
    if (line < 0) return undefined
    if (line === at) return at + 2
    message.trailers.push(field(content.slice(at, line)))
    at = line + 2
  }
}
