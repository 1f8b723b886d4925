// What each user says, hears and is told. A message is `AUTHOR-NUMBER`, so that it can be known in whatever carries it.

const pattern = /[a-z-]+\.[a-z]+-\d+/

/**
 * Starts one client of the application; `now` is a monotonic clock in milliseconds, and `changed` is called after each message
 * and event.
 */
export function user(application, options) {
  const { author, now, changed = () => undefined } = options
  /** Text of a message, to the time it was first heard and how often. */
  const heard = new Map()
  const events = []
  const said = []
  const client = application.client({
    host: '127.0.0.1',
    port: options.port,
    name: author,
    folder: options.folder,
    heard(text) {
      const [message] = pattern.exec(String(text)) ?? []
      if (!message) return
      const before = heard.get(message)
      if (before) before.times++
      else heard.set(message, { at: now(), times: 1 })
      changed()
    },
    told(event) {
      events.push({ at: now(), event: String(event).slice(0, 100) })
      changed()
    },
  })
  let spoken = 0
  let timer
  function speak() {
    const message = { text: `${author}-${spoken++}`, at: now(), refused: false, confirmed: false }
    said.push(message)
    const refuse = (error) => {
      message.refused = String(error?.message ?? error).slice(0, 100)
    }
    const confirm = () => {
      message.confirmed = true
      changed()
    }
    try {
      Promise.resolve(client.say(message.text)).then(confirm, refuse)
    } catch (error) {
      refuse(error)
    }
  }
  return {
    author,
    /** Says one message. */
    speak,
    heard,
    events,
    /** `confirmed`: the server has answered it, or is never asked to. */
    said,
    /** Fulfilled when the client is in the room. */
    ready: Promise.resolve(client.ready),
    speakEvery(periodMs) {
      speak()
      timer = setInterval(speak, periodMs)
    },
    hush: () => clearInterval(timer),
    leave() {
      clearInterval(timer)
      return client.leave?.()
    },
  }
}

/** When the first message of `author` from `since` on was heard, of those said from `saidSince` on. */
export function firstHeard(listener, speaker, since, saidSince = since) {
  let first = Number.POSITIVE_INFINITY
  for (const { text, at } of speaker.said) {
    const heard = listener.heard.get(text)
    if (at >= saidSince && heard && heard.at >= since) first = Math.min(first, heard.at)
  }
  return first
}
