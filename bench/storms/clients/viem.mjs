import { answer } from '../json-rpc.mjs'

export const library = 'viem'

/** Each subscription is told of a block at once. */
export function serve(say) {
  const reply = answer(say)
  return (data) => {
    reply(data)
    if (String(data).includes('eth_subscribe'))
      say({
        jsonrpc: '2.0',
        method: 'eth_subscription',
        params: { subscription: '0x1', result: { number: '0x1' } },
      })
  }
}

/** Clients of the same URL in one program share a connection. */
export async function connect({ load, url, client: number, served }) {
  const { createClient, webSocket } = await load('viem')
  const client = createClient({ transport: webSocket(`${url}?${number}`) })
  await client.transport.subscribe({ params: ['newHeads'], onData: served, onError() {} })
  return (text) => client.request({ method: 'eth_say', params: [text] })
}
