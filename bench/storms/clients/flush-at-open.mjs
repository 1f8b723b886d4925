import { greet } from '../greet.mjs'

export const library = 'hand-written, flushes at open'
export const serve = greet

/** What many an application has: a second's pause, and a queue that is emptied at `open`. */
export function connect({ url, WebSocket, served }) {
  const queue = []
  let socket
  const flush = () => {
    while (queue.length > 0 && socket.readyState === 1) socket.send(queue.shift())
  }
  const dial = () => {
    socket = new WebSocket(url)
    socket.onopen = flush
    socket.onmessage = served
    socket.onerror = () => {}
    socket.onclose = () => setTimeout(dial, 1000)
  }
  dial()
  return (text) => {
    queue.push(text)
    flush()
  }
}
