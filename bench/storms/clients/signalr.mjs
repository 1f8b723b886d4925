export const library = '@microsoft/signalr'
const end = '\x1e'

export function serve(say) {
  return (data) => {
    if (String(data).includes('"protocol"')) say(`{}${end}`)
  }
}

export async function connect({ load, httpUrl, served, gaveUp }) {
  const { HttpTransportType, HubConnectionBuilder, LogLevel } = await load('@microsoft/signalr')
  const connection = new HubConnectionBuilder()
    .withUrl(httpUrl, { skipNegotiation: true, transport: HttpTransportType.WebSockets })
    .configureLogging(LogLevel.None)
    .withAutomaticReconnect()
    .build()
  // The stand-in for a server sends no keep-alive.
  connection.serverTimeoutInMilliseconds = 600_000
  connection.onreconnected(served)
  connection.onclose(gaveUp)
  await connection.start()
  served()
  return (text) => connection.send('say', text)
}
