export const library = '@rails/actioncable'

export function serve(say, closed) {
  say({ type: 'welcome' })
  const ping = setInterval(() => say({ type: 'ping', message: 1 }), 3000)
  closed(() => clearInterval(ping))
  return (data) => {
    const { command, identifier } = JSON.parse(data)
    if (command === 'subscribe') say({ identifier, type: 'confirm_subscription' })
  }
}

export async function connect({ load, url, WebSocket, served }) {
  globalThis.document ??= { visibilityState: 'visible' }
  globalThis.addEventListener ??= () => {}
  globalThis.removeEventListener ??= () => {}
  const { adapters, createConsumer } = await load('@rails/actioncable')
  adapters.WebSocket = WebSocket
  const subscription = createConsumer(url).subscriptions.create('Room', { connected: served })
  return (text) => subscription.perform('say', { text })
}
