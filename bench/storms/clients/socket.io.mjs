export const library = 'socket.io-client'

export function serve(say) {
  say('0{"sid":"a","upgrades":[],"pingInterval":300000,"pingTimeout":20000,"maxPayload":1000000}')
  return (data) => String(data).startsWith('40') && say('40{"sid":"b"}')
}

export async function connect({ load, origin, served }) {
  const { io } = await load('socket.io-client')
  const socket = io(origin, { path: '/socket.io', transports: ['websocket'], forceNew: true })
  socket.on('connect', served)
  return (text) => socket.emit('say', text)
}
