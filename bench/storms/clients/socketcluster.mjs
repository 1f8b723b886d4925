export const library = 'socketcluster-client'

export function serve(say) {
  return (told) => {
    if (!String(told).startsWith('{')) return
    const { event, cid } = JSON.parse(told)
    const data = { id: 'id', pingTimeout: 600_000, isAuthenticated: false }
    if (event === '#handshake') say({ rid: cid, data })
  }
}

export async function connect({ load, port, served }) {
  const { default: client } = await load('socketcluster-client')
  const socket = client.create({ hostname: '127.0.0.1', port, path: '/socketcluster/' })
  follow(socket.listener('error'), () => {})
  follow(socket.listener('connect'), served)
  return (text) => socket.transmit('say', text)
}

async function follow(events, act) {
  for await (const _ of events) act()
}
