export const library = 'ably'

export function serve(say) {
  const connectionDetails = { connectionKey: 'key', maxMessageSize: 65_536, connectionStateTtl: 120_000 }
  say({ action: 4, connectionId: 'id', connectionKey: 'key', connectionDetails })
  return (data) => {
    const { action, channel, msgSerial } = JSON.parse(data)
    if (action === 0) say({ action: 0 })
    if (action === 10) say({ action: 11, channel, flags: 0 })
    if (action === 15) say({ action: 1, msgSerial, count: 1 })
  }
}

export async function connect({ load, port, served, gaveUp }) {
  const { Realtime } = await load('ably')
  const client = new Realtime({
    token: 'token',
    endpoint: '127.0.0.1',
    fallbackHosts: [],
    port,
    tls: false,
    transports: ['web_socket'],
    useBinaryProtocol: false,
    disableConnectivityCheck: true,
    logLevel: 0,
  })
  client.connection.on('connected', served)
  client.connection.on('failed', gaveUp)
  return (text) => client.channels.get('room').publish('say', text)
}
