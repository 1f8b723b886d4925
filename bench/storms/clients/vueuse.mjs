import { greet } from '../greet.mjs'

export const library = '@vueuse/core'
export const serve = greet

export async function connect({ load, url, served }) {
  // Vue must not take this for a page, nor VueUse for a server.
  await load('vue')
  globalThis.window ??= globalThis
  globalThis.document ??= { addEventListener() {}, removeEventListener() {} }
  globalThis.addEventListener ??= () => {}
  globalThis.removeEventListener ??= () => {}
  const { useWebSocket } = await load('@vueuse/core')
  const { send } = useWebSocket(url, { autoReconnect: true, autoClose: false, onMessage: served })
  return (text) => send(text)
}
