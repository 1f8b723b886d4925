// An upstream on bare sockets that writes down what it gets, and answers each request that it can read strictly.
import type net from 'node:net'
import { type TcpServer, tcpServer } from '@holdfast/testing'
import { type StrictMessage, strictMessages } from './strict-http.ts'

export interface Recording extends AsyncDisposable {
  readonly port: number
  readonly server: TcpServer
  /** Every request so far, in order. */
  readonly requests: StrictMessage[]
  /** What was no request. */
  readonly faults: string[]
  /** Bytes of each connection. */
  readonly bytes: string[]
}

export type Answer = string | ((request: StrictMessage, socket: net.Socket) => string | undefined)

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

export async function recordingUpstream(answer: Answer = ok): Promise<Recording> {
  const requests: StrictMessage[] = []
  const faults: string[] = []
  const bytes: string[] = []
  const server = await tcpServer((socket) => {
    const index = bytes.push('') - 1
    let unread = ''
    socket.on('data', (chunk) => {
      const text = chunk.toString('latin1')
      bytes[index] += text
      unread += text
      try {
        const { messages, rest } = strictMessages(unread)
        unread = rest
        for (const message of messages) {
          requests.push(message)
          const said = typeof answer === 'string' ? answer : answer(message, socket)
          if (said !== undefined) socket.write(said, 'latin1')
        }
      } catch (error) {
        faults.push((error as Error).message)
        socket.destroy()
      }
    })
  })
  return {
    port: server.port,
    server,
    requests,
    faults,
    bytes,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}
