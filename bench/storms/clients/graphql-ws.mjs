export const library = 'graphql-ws'

export function serve(say) {
  return (data) => {
    const { id, type } = JSON.parse(data)
    if (type === 'connection_init') say({ type: 'connection_ack' })
    if (type === 'ping') say({ type: 'pong' })
    if (type === 'subscribe') say({ id, type: 'complete' })
  }
}

export async function connect({ load, url, WebSocket, served, gaveUp }) {
  const { createClient } = await load('graphql-ws')
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    lazy: false,
    on: { connected: served },
    onNonLazyError: gaveUp,
  })
  return (text) =>
    client.subscribe({ query: `{ say(text: "${text}") }` }, { next() {}, error() {}, complete() {} })
}
