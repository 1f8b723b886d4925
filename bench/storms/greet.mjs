/** The server of a library that has no protocol of its own: its first message shows a client that it is served. */
export function greet(say) {
  say('hello')
  return () => {}
}
