export const library = 'home-assistant-js-websocket'

export function serve(say) {
  say({ type: 'auth_required', ha_version: '2026.11.0' })
  return (data) => {
    const { id, type } = JSON.parse(data)
    if (type === 'auth') say({ type: 'auth_ok', ha_version: '2026.11.0' })
    else say(type === 'ping' ? { id, type: 'pong' } : { id, type: 'result', success: true, result: null })
  }
}

export async function connect({ load, httpUrl, served, gaveUp }) {
  const { createConnection, createLongLivedTokenAuth } = await load('home-assistant-js-websocket')
  const connection = await createConnection({ auth: createLongLivedTokenAuth(httpUrl, 'token') })
  connection.addEventListener('ready', served)
  connection.addEventListener('reconnect-error', gaveUp)
  served()
  return (text) => connection.sendMessagePromise({ type: 'say', text })
}
