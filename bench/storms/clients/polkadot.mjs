import { answer } from '../json-rpc.mjs'

export const library = '@polkadot/rpc-provider'
export const serve = answer

export async function connect({ load, url, served }) {
  const { WsProvider } = await load('@polkadot/rpc-provider')
  const provider = new WsProvider(url)
  provider.on('connected', () => provider.send('system_health', []).then(served, () => {}))
  provider.on('error', () => {})
  return (text) => provider.send('say', [text])
}
