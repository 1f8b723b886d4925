export const library = '@stomp/stompjs'

export function serve(say) {
  return (data) =>
    /^(CONNECT|STOMP)\n/.test(String(data)) && say('CONNECTED\nversion:1.2\nheart-beat:0,0\n\n\0')
}

export async function connect({ load, url, served }) {
  const { Client } = await load('@stomp/stompjs')
  const client = new Client({ brokerURL: url, onConnect: served })
  client.activate()
  return (body) => client.publish({ destination: '/room', body })
}
