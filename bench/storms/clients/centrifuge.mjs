export const library = 'centrifuge'

export function serve(say) {
  return (data) => {
    for (const line of String(data).split('\n').filter(Boolean)) {
      const { id, connect: connecting } = JSON.parse(line)
      if (connecting) say({ id, connect: { client: 'client', version: '1' } })
      else if (id) say({ id, publish: {} })
    }
  }
}

export async function connect({ load, url, WebSocket, served, gaveUp }) {
  const { Centrifuge } = await load('centrifuge')
  const client = new Centrifuge(url, { websocket: WebSocket })
  client.on('connected', served)
  client.on('disconnected', gaveUp)
  client.connect()
  return (text) => client.publish('room', text)
}
