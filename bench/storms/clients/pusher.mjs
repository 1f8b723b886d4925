export const library = 'pusher-js'

export function serve(say) {
  const data = JSON.stringify({ socket_id: '1.1', activity_timeout: 120 })
  say({ event: 'pusher:connection_established', data })
  return (told) => String(told).includes('"pusher:ping"') && say({ event: 'pusher:pong', data: '{}' })
}

export async function connect({ load, port, served, gaveUp }) {
  const { default: Pusher } = await load('pusher-js')
  const pusher = new Pusher('pusher', {
    cluster: 'none',
    wsHost: '127.0.0.1',
    wsPort: port,
    forceTLS: false,
    enabledTransports: ['ws'],
    disableStats: true,
  })
  pusher.connection.bind('connected', served)
  pusher.connection.bind('failed', gaveUp)
  pusher.connection.bind('disconnected', gaveUp)
  return (text) => pusher.send_event('client-say', { text })
}
