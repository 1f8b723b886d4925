export const library = '@azure/web-pubsub-client'

export function serve(say) {
  say({ type: 'system', event: 'connected', userId: 'user', connectionId: 'connection' })
  return (data) => {
    const { ackId } = JSON.parse(data)
    if (ackId) say({ type: 'ack', ackId, success: true })
  }
}

export async function connect({ load, url, served, gaveUp }) {
  const { WebPubSubClient } = await load('@azure/web-pubsub-client')
  const client = new WebPubSubClient(url)
  client.on('connected', served)
  client.on('stopped', gaveUp)
  await client.start()
  return (text) => client.sendEvent('say', text, 'text')
}
