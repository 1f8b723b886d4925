// nats-server with the newer client, @nats-io/nats-core.
import { wsconnect } from '@nats-io/nats-core'
import { about as older, room } from './nats.mjs'

export { command } from './nats.mjs'

export const about = {
  ...older,
  title: 'nats-server, @nats-io/nats-core',
  packages: ['@nats-io/nats-core', 'ws'],
}

export function client(user) {
  return room(wsconnect, user)
}
