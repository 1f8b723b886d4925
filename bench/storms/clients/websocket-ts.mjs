import { greet } from '../greet.mjs'

export const library = 'websocket-ts'
export const serve = greet

export async function connect({ load, url, served }) {
  const { ArrayQueue, ConstantBackoff, WebsocketBuilder } = await load('websocket-ts')
  const socket = new WebsocketBuilder(url)
    .withBackoff(new ConstantBackoff(1000))
    .withBuffer(new ArrayQueue())
    .onMessage(served)
    .build()
  return (text) => socket.send(text)
}
