import { open, serve } from '../nats.mjs'

export const library = 'nats.ws'
export { serve }

export async function connect({ load, url, served, gaveUp }) {
  const { connect: dial } = await load('nats.ws')
  return open(dial, url, served, gaveUp)
}
