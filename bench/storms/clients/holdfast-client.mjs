import { greet } from '../greet.mjs'

export const library = '@holdfast/client'
export const serve = greet

export async function connect({ load, url, WebSocket, served }) {
  const { ReconnectingWebSocket } = await load('@holdfast/client')
  const socket = new ReconnectingWebSocket(url, [], { WebSocket })
  socket.addEventListener('message', served)
  return (text) => socket.send(text)
}
