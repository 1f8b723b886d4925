import { greet } from '../greet.mjs'

export const library = 'reconnecting-websocket'
export const serve = greet

export async function connect({ load, url, WebSocket, served }) {
  const { default: Socket } = await load('reconnecting-websocket')
  const socket = new Socket(url, [], { WebSocket })
  socket.addEventListener('message', served)
  return (text) => socket.send(text)
}
