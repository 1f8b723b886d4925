import { answer } from '../json-rpc.mjs'

export const library = 'rpc-websockets'
export const serve = answer

export async function connect({ load, url, served, gaveUp }) {
  const { Client } = await load('rpc-websockets')
  const client = new Client(url)
  client.on('open', () => client.call('hello').then(served, () => {}))
  client.on('error', () => {})
  client.on('max_reconnects_reached', gaveUp)
  return (text) => client.call('say', [text])
}
