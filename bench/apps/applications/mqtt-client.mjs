// What the MQTT applications have in common: a topic heard and spoken to at QoS 1. No application by itself.
import mqtt from 'mqtt'

export function join({ url, heard, told, username, password }) {
  const socket = mqtt.connect(url, { username, password })
  const ready = new Promise((resolve) => {
    socket.on('connect', () => {
      told('connect')
      socket.subscribe('room', { qos: 1 }, (error) => (error ? told(error.message) : resolve()))
    })
  })
  socket.on('close', () => told('close'))
  socket.on('error', (error) => told(`error ${error.message}`))
  socket.on('message', (_topic, payload) => heard(payload))
  return {
    ready,
    // At QoS 1 the library keeps what is not acknowledged, so that nothing is refused.
    say: (text) =>
      new Promise((resolve) => socket.publish('room', text, { qos: 1 }, (error) => error ?? resolve())),
    leave: () => socket.end(true),
  }
}
