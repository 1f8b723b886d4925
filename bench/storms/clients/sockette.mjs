import { greet } from '../greet.mjs'

export const library = 'sockette'
export const serve = greet

export async function connect({ load, url, served, gaveUp }) {
  const { default: Sockette } = await load('sockette')
  const socket = new Sockette(url, {
    onmessage: served,
    // It stays away after these two, and after an empty Close.
    onclose: ({ code }) => (code === 1000 || code === 1001 || code === 1005) && gaveUp(),
    onmaximum: gaveUp,
  })
  return (text) => socket.send(text)
}
