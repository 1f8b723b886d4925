export const library = 'mqtt'

export function serve(say) {
  let bytes = Buffer.alloc(0)
  const take = () => {
    // The client writes a packet in pieces. None of ours is longer than 127 bytes: its length is one byte.
    const end = 2 + bytes[1]
    if (!(bytes.length >= end)) return false
    const type = bytes[0] >> 4
    bytes = bytes.subarray(end)
    if (type === 1) say(Buffer.of(0x20, 2, 0, 0))
    if (type === 12) say(Buffer.of(0xd0, 0))
    return true
  }
  return (data) => {
    bytes = Buffer.concat([bytes, data])
    while (take());
  }
}

export async function connect({ load, url, served, gaveUp }) {
  const { default: mqtt } = await load('mqtt')
  const client = mqtt.connect(url)
  client.on('connect', served)
  client.on('error', () => {})
  client.on('end', gaveUp)
  return (text) => client.publish('room', text)
}
