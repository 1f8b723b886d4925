// What both of the NATS clients have in common.

/** The server: it says who it is, and answers each PING. */
export function serve(say) {
  const info = { server_id: 'id', version: '2.10.0', proto: 1, max_payload: 1_048_576, headers: true }
  say(Buffer.from(`INFO ${JSON.stringify(info)}\r\n`))
  return (data) => String(data).includes('PING\r\n') && say(Buffer.from('PONG\r\n'))
}

export async function open(connect, servers, served, gaveUp) {
  const connection = await connect({ servers })
  served()
  connection.closed().then(gaveUp)
  follow(connection.status(), served)
  return (text) => connection.publish('room', text)
}

async function follow(statuses, served) {
  for await (const { type } of statuses) if (type === 'reconnect') served()
}
