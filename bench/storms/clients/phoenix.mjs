export const library = 'phoenix'

export function serve(say) {
  return (data) => {
    const [joined, ref, topic] = JSON.parse(data)
    say([joined, ref, topic, 'phx_reply', { status: 'ok', response: {} }])
  }
}

export async function connect({ load, url, WebSocket, served }) {
  const { Socket } = await load('phoenix')
  const socket = new Socket(url, { transport: WebSocket })
  socket.connect()
  const channel = socket.channel('room:1')
  channel.join().receive('ok', served)
  return (text) => channel.push('say', { text })
}
