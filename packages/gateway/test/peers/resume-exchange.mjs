/**
 * Clients of @holdfast/client/resume under load: each sends numbered messages and checks, one by one, what comes. Resolves with
 * the report. It refers to nothing outside itself, so that a page can run it; `Holdfast` is what the package exports.
 */
export async function exchangeAll(Holdfast, WebSocket, { url, clients, first, messages }) {
  const mebibyte = 1024 * 1024
  const report = { faults: [], returns: 0, sessions: 0, sent: {} }
  const bytesOf = (text) => new TextEncoder().encode(text)
  const textOf = (bytes) => new TextDecoder().decode(bytes)
  const turn = () => new Promise((resolve) => (globalThis.setImmediate ?? setTimeout)(resolve))

  /** The same as in resume_traffic.py. */
  function content(of, seed, n) {
    let drawn = (Math.imul(n + 1, 2_654_435_761) + seed * 40_503 + of) >>> 0
    drawn = (drawn ^ (drawn >>> 15)) >>> 0
    const kind = drawn % 1000
    let size = kind < 100 ? 0 : kind < 750 ? drawn % 200 : kind < 960 ? drawn % 4000 : drawn % (64 * 1024)
    if (n === 20 + (seed % 10)) size = mebibyte
    const unit = `${of}.${seed}.${n};`
    return unit.repeat(Math.floor(size / unit.length) + 1).slice(0, size)
  }

  function exchange(seed) {
    const fault = (what) => report.faults.push(`${seed} ${what}`.slice(0, 300))
    const socket = new Holdfast.ReconnectingWebSocket(`${url}?seed=${seed}`, ['numbers'], {
      resume: true,
      WebSocket,
      buffer: { bytes: 64 * mebibyte, messages: 10_000 },
      retry: () => 20 * Math.random(),
    })
    socket.binaryType = 'arraybuffer'
    let next = 0
    let sent = 0
    /** The server has said that it has all. */
    let arrived = false
    const send = async () => {
      for (; sent < messages; sent++) {
        const text = content(1, seed, sent)
        socket.send(sent % 3 ? text : bytesOf(text))
        await turn()
      }
    }
    socket.addEventListener('resume', () => report.returns++)
    socket.addEventListener('open', () => (sent > 0 ? fault('was opened twice') : void send()))
    socket.addEventListener('message', ({ data }) => {
      const text = typeof data === 'string' ? data : textOf(data)
      if (next === messages && text === 'all is there') {
        arrived = true
        return socket.close(1000)
      }
      if (text !== content(2, seed, next) || (typeof data === 'string') !== next % 3 > 0)
        fault(`got ${text.slice(0, 30)} of ${text.length} in place of ${next}`)
      next++
    })
    return new Promise((resolve) => {
      socket.addEventListener('close', ({ code, reason, session, retryIn }) => {
        // Before the first `open` there is no session to lose.
        if (retryIn !== null && sent === 0) return
        // It comes back once to say its Close, and may be cut again.
        const isEnd = code === 1006 || (code === 1002 && session?.why === 'closed')
        if (code !== 1000 && !(isEnd && arrived))
          fault(`was closed with ${code} ${reason} ${JSON.stringify(session)?.slice(0, 80)}`)
        report.sessions++
        socket.close()
        resolve()
      })
    })
  }

  await Promise.all(Array.from({ length: clients }, (_, n) => exchange(first + n)))
  return report
}
