// The process on the other core: clients and their backend. bench.mjs forks it and calls the functions below by name.
import { burstOf, clientClose, frameOf, payloadOf } from './frames.mjs'
import { H2Connections } from './h2.mjs'
import { processorTime } from './process-stats.mjs'
import { Backend, Client, deflate, ResumableClient, sessionOf } from './wire.mjs'

const backend = new Backend()
let clients = []
/** How many messages have come back to the clients of `pingPong`. */
let counted = () => 0

/** Opens clients, at most `atOnce` in their handshake at a time. */
async function open({ port, connections, secure, offer, resumes, h2, session }, atOnce = 64) {
  const Kind = resumes ? ResumableClient : Client
  const over = h2 && (await H2Connections.open(port, Math.ceil(connections / h2)))
  let started = 0
  const opened = []
  const one = async () => {
    while (started < connections) {
      const n = started++
      const client = over
        ? over.client(n)
        : new Kind({ port, secure, offer, session, localAddress: `127.0.0.${1 + (n % 8)}` })
      opened.push(await client.ready.promise)
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, connections) }, one))
  return opened
}

/** Closes with 1000, and waits until both ends of every connection are gone. */
async function closeAll(some, limit = 10_000) {
  const until = performance.now() + limit
  for (const client of some) if (!client.gone) client.write(clientClose)
  while (some.some(({ gone }) => !gone) || backend.served.size > 0) {
    if (performance.now() > until) {
      for (const { socket } of some) socket.destroy()
      for (const { socket } of backend.served) socket.destroy()
      return false
    }
    await after(5)
  }
  return true
}

const after = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Units of work and the processor time that `pids` spent on them, within `ms`. */
async function measure(pids, count, ms) {
  const before = { at: performance.now(), used: processorTime(pids), count: count() }
  await after(ms)
  const units = count() - before.count
  const used = processorTime(pids) - before.used
  return { units, microseconds: used / units, perSecond: (units * 1000) / (performance.now() - before.at) }
}

const calls = {
  listen: () => backend.listen(),

  /** Each client keeps `inFlight` messages of `bytes` under way; every one comes back. */
  async pingPong({ pids, inFlight, bytes, compressed, warm, ms, stay, ...to }) {
    // "Compressed" frames carry bytes that nobody here inflates; RSV1 and the agreement are what a gateway sees.
    const payload = payloadOf(bytes)
    const there = burstOf(frameOf(payload, { masked: true, rsv1: compressed }), inFlight)
    const back = burstOf(frameOf(payload, { masked: false, rsv1: compressed }), inFlight)
    backend.becomes({ expected: payload, answer: back, compresses: compressed })
    clients = await open({ ...to, offer: compressed ? deflate : undefined })
    let done = 0
    for (const client of clients) {
      client.walker.expect(payload)
      client.onMessages = (ended) => {
        done += ended
        client.write(there.of(ended))
      }
      client.write(there.of(inFlight))
    }
    await after(warm)
    counted = () => done
    const result = await measure(pids, counted, ms)
    if (stay) return result
    for (const client of clients) client.onMessages = () => {}
    await settle(() => done)
    return { ...result, ...verify(clients), closed: await closeAll(clients) }
  },

  /** Measures clients that stayed, and go on, once more; these may be others' processes now. */
  async pingPongOn({ pids, warm, ms }) {
    await after(warm)
    const result = await measure(pids, counted, ms)
    for (const client of clients) client.onMessages = () => {}
    await settle(counted)
    return { ...result, ...verify(clients), closed: await closeAll(clients) }
  },

  /** The backend sends one message to every client; the next when all have it. */
  async broadcast({ port, pids, connections, bytes, warm, ms }) {
    const payload = payloadOf(bytes)
    const frame = frameOf(payload, { masked: false })
    backend.becomes({})
    clients = await open({ port, connections })
    let done = 0
    let due = 0
    let going = true
    const send = () => {
      due += backend.served.size
      for (const end of backend.served) end.socket.write(frame)
    }
    for (const client of clients) {
      client.walker.expect(payload)
      client.onMessages = (ended) => {
        done += ended
        if (done === due && going) setImmediate(send)
      }
    }
    send()
    await after(warm)
    const result = await measure(pids, () => done, ms)
    going = false
    await settle(() => done)
    return { ...result, ...verify(clients), closed: await closeAll(clients) }
  },

  /**
   * `connections` are opened, `atOnce` at a time, and closed again, over and over. `resumed`: each goes on with the TLS session of
   * one before them.
   */
  async setUp({ port, pids, connections, atOnce, warm, rounds, secure, resumed }) {
    backend.becomes({})
    const session = resumed ? await sessionOf(port) : undefined
    await closeAll(await open({ port, connections: warm, secure, session }, atOnce))
    let microseconds = 0
    let seconds = 0
    for (let round = 0; round < rounds; round++) {
      const before = { at: performance.now(), used: processorTime(pids) }
      const opened = await open({ port, connections, secure, session }, atOnce)
      microseconds += processorTime(pids) - before.used
      seconds += (performance.now() - before.at) / 1000
      const anew = secure
        ? opened.filter(({ socket }) => socket.isSessionReused() !== (resumed ?? false))
        : []
      if (anew.length > 0) throw new Error(`${anew.length} TLS sessions were ${resumed ? 'not ' : ''}resumed`)
      if (!(await closeAll(opened))) return { closed: false }
    }
    const units = connections * rounds
    return { units, microseconds: microseconds / units, perSecond: units / seconds, wrong: 0, closed: true }
  },

  /** Clients come, send a message and go, `atOnce` at a time, for `ms`. */
  async churn({ port, atOnce, ms }) {
    const until = performance.now() + ms
    const payload = payloadOf(4096)
    const frame = frameOf(payload, { masked: true })
    backend.becomes({ answer: burstOf(frameOf(payload, { masked: false }), 1) })
    let units = 0
    while (performance.now() < until) {
      const some = await open({ port, connections: atOnce * 4 }, atOnce)
      await Promise.all(
        some.map(
          (client) =>
            new Promise((resolve) => {
              client.onMessages = resolve
              client.onGone = resolve
              client.write(frame)
            }),
        ),
      )
      if (!(await closeAll(some))) throw new Error('connections did not end')
      units += some.length
    }
    return { units }
  },

  /** Opens clients that stay; `release` lets them go. */
  async hold({ port, connections, resumes }) {
    backend.becomes({})
    const opened = await open({ port, connections, resumes })
    clients.push(...opened)
    return opened.length
  },

  async release() {
    const closed = await closeAll(clients)
    clients = []
    return { closed }
  },
}

/** Waits until what is under way has come back. */
async function settle(count) {
  for (let was = -1; was !== count(); ) {
    was = count()
    await after(30)
  }
}

/** What was wrong with what came: messages that differ, have another length, or come to an incomplete count. */
function verify(some) {
  let wrong = backend.wrong
  let lost = 0
  for (const { walker, gone } of some) {
    wrong += walker.wrong
    if (gone) lost++
  }
  return { wrong, lost }
}

process.on('message', async ({ id, call, args }) => {
  try {
    process.send({ id, value: await calls[call](args) })
  } catch (error) {
    for (const { socket } of [...clients, ...backend.served]) socket.destroy()
    clients = []
    process.send({ id, error: error.message })
  }
})
process.on('disconnect', () => process.exit())
