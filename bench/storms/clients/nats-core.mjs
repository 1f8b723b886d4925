import { open, serve } from '../nats.mjs'

export const library = '@nats-io/nats-core'
export { serve }

export async function connect({ load, url, served, gaveUp }) {
  const { wsconnect } = await load('@nats-io/nats-core')
  return open(wsconnect, url, served, gaveUp)
}
