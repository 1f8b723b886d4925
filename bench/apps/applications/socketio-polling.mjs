// Socket.IO as it is by default: HTTP long-polling first, then an upgrade.
import { join, about as websocketOnly } from './socketio.mjs'

export { start } from './socketio.mjs'

export const about = { ...websocketOnly, title: 'Socket.IO, polling then WebSocket' }

export function client(user) {
  return join(user)
}
