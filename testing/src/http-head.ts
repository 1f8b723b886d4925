import type { Readable } from 'node:stream'

/** The start line and headers of a request or an answer, as they came. */
export interface HttpHead {
  /** 'GET /ws HTTP/1.1' or 'HTTP/1.1 101 Switching Protocols'. */
  startLine: string
  /** In order, with their case. */
  rawHeaders: [name: string, value: string][]
  /** Lower-case names; values of the same name joined by ', '. */
  headers: Record<string, string>
}

/** Reads up to the empty line; bytes behind it are put back. Undefined: the stream ended before. */
export function readHead(stream: Readable): Promise<HttpHead | undefined> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0)
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk])
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      settle(parseHead(bytes.toString('latin1', 0, end)))
      if (bytes.length > end + 4) stream.unshift(bytes.subarray(end + 4))
    }
    const onEnd = () => settle(undefined)
    const settle = (head: HttpHead | undefined) => {
      stream.off('data', onData).off('end', onEnd).off('close', onEnd)
      stream.pause()
      resolve(head)
    }
    stream.on('data', onData).on('end', onEnd).on('close', onEnd)
  })
}

/** The head without its closing empty line. */
export function parseHead(text: string): HttpHead {
  const [startLine = '', ...lines] = text.split('\r\n')
  const rawHeaders = lines.map((line): [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).trim()]
  })
  const headers: Record<string, string> = Object.create(null)
  for (const [name, value] of rawHeaders) {
    const key = name.toLowerCase()
    headers[key] = key in headers ? `${headers[key]}, ${value}` : value
  }
  return { startLine, rawHeaders, headers }
}

/** The body of an answer from the bytes behind its head; undefined while it is not whole. */
export function decodeBody(head: HttpHead, bytes: Buffer, ended: boolean): string | undefined {
  if (head.headers['transfer-encoding'] === 'chunked') return decodeChunks(bytes)
  const length = head.headers['content-length']
  if (length === undefined) return ended ? bytes.toString() : undefined
  return bytes.length >= Number(length) ? bytes.toString('utf8', 0, Number(length)) : undefined
}

function decodeChunks(bytes: Buffer): string | undefined {
  const parts: Buffer[] = []
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    if (size === 0) return Buffer.concat(parts).toString()
    if (bytes.length < lineEnd + 2 + size + 2) return undefined
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
