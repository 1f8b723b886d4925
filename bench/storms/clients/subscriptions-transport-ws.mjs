export const library = 'subscriptions-transport-ws'

export function serve(say) {
  return (data) => {
    const { id, type } = JSON.parse(data)
    if (type === 'connection_init') say({ type: 'connection_ack' })
    if (type === 'start') say({ id, type: 'complete' })
  }
}

export async function connect({ load, url, WebSocket, served }) {
  const { SubscriptionClient } = await load('subscriptions-transport-ws')
  const client = new SubscriptionClient(url, { reconnect: true }, WebSocket)
  client.onConnected(served)
  client.onReconnected(served)
  return (text) => client.request({ query: `{ say(text: "${text}") }` }).subscribe({})
}
