export const library = 'y-websocket'

/** Asks for all that the client has, and answers what it asks with an empty document. */
export function serve(say) {
  say(Uint8Array.of(0, 0, 1, 0))
  return (data) => data[0] === 0 && data[1] === 0 && say(Uint8Array.of(0, 1, 2, 0, 0))
}

export async function connect({ load, url, WebSocket, served }) {
  const { Doc } = await load('yjs')
  const { WebsocketProvider } = await load('y-websocket')
  const document = new Doc()
  const provider = new WebsocketProvider(url, 'room', document, {
    WebSocketPolyfill: WebSocket,
    disableBc: true,
  })
  provider.on('sync', (synced) => synced && served())
  return (text) => document.getText('said').insert(0, text)
}
