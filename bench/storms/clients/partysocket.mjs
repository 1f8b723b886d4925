import { greet } from '../greet.mjs'

export const library = 'partysocket'
export const serve = greet

export async function connect({ load, url, WebSocket, served }) {
  const { default: Socket } = await load('partysocket/ws')
  const socket = new Socket(url, [], { WebSocket })
  socket.addEventListener('message', served)
  return (text) => socket.send(text)
}
