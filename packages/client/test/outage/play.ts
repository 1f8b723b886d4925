// The program of a child process, or of a page, on another runtime: one socket, and a line for each thing that it sees.
import { ReconnectingWebSocket } from '../../src/index.ts'

export interface Outage {
  readonly url: string
  readonly protocols?: string | string[]
  /** Sent at once. */
  readonly messages?: string[]
  /** Milliseconds until each return, in place of what the table draws; that is told beside it. */
  readonly wait?: number
}

export function play(
  { url, protocols = [], messages = [], wait }: Outage,
  say: (line: string) => void,
  options: { WebSocket?: never } = {},
): ReconnectingWebSocket {
  const drawn: (number | null)[] = []
  const socket = new ReconnectingWebSocket(url, protocols, {
    random: () => 0.999,
    retry: ({ retryIn }) => {
      drawn.push(retryIn)
      return wait
    },
    ...options,
  })
  socket.onopen = () => say('open')
  socket.onmessage = ({ data }) => say(`message ${data}`)
  socket.onclose = ({ code, reason, wasClean }) =>
    say(`close ${code} ${reason} ${wasClean}, in ${drawn.at(-1)}`)
  for (const message of messages) socket.send(message)
  return socket
}
