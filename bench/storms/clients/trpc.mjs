export const library = '@trpc/client'

export function serve(say) {
  return (data) => {
    if (String(data) === 'PING') return say('PONG')
    for (const { id, method } of [JSON.parse(data)].flat()) {
      if (method === 'subscription') say({ id, result: { type: 'started' } })
      if (method === 'subscription' || method === 'mutation')
        say({ id, result: { type: 'data', data: true } })
    }
  }
}

export async function connect({ load, url, WebSocket, served, gaveUp }) {
  const { createTRPCClient, createWSClient, wsLink } = await load('@trpc/client')
  const trpc = createTRPCClient({ links: [wsLink({ client: createWSClient({ url, WebSocket }) })] })
  trpc.names.subscribe(undefined, { onData: served, onError: gaveUp })
  return (text) => trpc.say.mutate(text)
}
