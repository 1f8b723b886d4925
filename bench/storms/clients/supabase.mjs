export const library = '@supabase/realtime-js'

/** Phoenix, in both of its forms. */
export function serve(say) {
  const payload = { status: 'ok', response: { postgres_changes: [] } }
  return (data) => {
    // What is broadcast comes in binary and has no answer.
    if (typeof data !== 'string') return
    const told = JSON.parse(data)
    if (Array.isArray(told)) say([told[0], told[1], told[2], 'phx_reply', payload])
    else say({ ...told, event: 'phx_reply', payload })
  }
}

export async function connect({ load, url, WebSocket, served }) {
  const { RealtimeClient } = await load('@supabase/realtime-js')
  const client = new RealtimeClient(url, { params: { apikey: 'key' }, transport: WebSocket })
  const channel = client.channel('room')
  channel.subscribe((status) => status === 'SUBSCRIBED' && served())
  return (text) => channel.send({ type: 'broadcast', event: 'say', payload: { text } })
}
