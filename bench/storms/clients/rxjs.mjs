import { greet } from '../greet.mjs'

export const library = 'rxjs'
export const serve = greet

export async function connect({ load, url, WebSocket, served, gaveUp }) {
  const { retry } = await load('rxjs')
  const { webSocket } = await load('rxjs/webSocket')
  const subject = webSocket({
    url,
    WebSocketCtor: WebSocket,
    deserializer: ({ data }) => data,
    serializer: String,
  })
  subject.pipe(retry({ delay: 1000 })).subscribe({ next: served, complete: gaveUp, error: gaveUp })
  return (text) => subject.next(text)
}
