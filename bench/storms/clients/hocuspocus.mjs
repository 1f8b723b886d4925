export const library = '@hocuspocus/provider'

export function serve(say) {
  return (data) => {
    const name = data.subarray(0, data[0] + 1)
    const [type, kind] = data.subarray(data[0] + 1)
    // Authentication: let in, to read and write.
    if (type === 2) say(Buffer.concat([name, Buffer.of(2, 2, 10), Buffer.from('read-write')]))
    if (type !== 0 || kind !== 0) return
    say(Buffer.concat([name, Buffer.of(0, 1, 2, 0, 0)]))
    say(Buffer.concat([name, Buffer.of(0, 0, 1, 0)]))
  }
}

export async function connect({ load, url, WebSocket, served }) {
  const { HocuspocusProvider, HocuspocusProviderWebsocket } = await load('@hocuspocus/provider')
  const websocketProvider = new HocuspocusProviderWebsocket({ url, WebSocketPolyfill: WebSocket })
  const provider = new HocuspocusProvider({ websocketProvider, name: 'room', onSynced: served })
  provider.attach()
  return (text) => provider.document.getText('said').insert(0, text)
}
