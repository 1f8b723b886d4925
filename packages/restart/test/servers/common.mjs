// What every server of the conformance suite does: takes its options from the first argument, and says in lines of
// JSON which port it has, which phases it goes through, and how it went.
import { gracefulRestart } from '@holdfast/restart'

/** Sent to every client by `onDrain`. */
const lastWord = 'last word'

export const say = (event) => console.log(JSON.stringify(event))

/** Restarts as a user's server does; `send` sends a text on what `onDrain` gets. */
export function restartable(target, send = (socket, text) => socket.send(text)) {
  const restart = gracefulRestart(target, {
    ...JSON.parse(process.argv[2] ?? '{}'),
    onDrain: (socket) => send(socket, lastWord),
    log: (line) => say({ line }),
  })
  let phase = restart.phase
  restart.on((state) => {
    if (state.phase === phase) return
    phase = state.phase
    say(state)
  })
}
