// The process on the other core: clients and their backend. bench.mjs forks it and calls the functions below by name.
import { burstOf, clientClose, frameOf, payloadOf } from './frames.mjs'
import { processorTime } from './process-stats.mjs'
import { Backend, Client, deflate, ResumableClient } from './wire.mjs'

const backend = new Backend()
let clients = []

/** Opens clients, at most `atOnce` in their handshake at a time. */
async function open({ port, connections, secure, offer, resumes }, atOnce = 64) {
  const Kind = resumes ? ResumableClient : Client
  let started = 0
  const opened = []
  const one = async () => {
    while (started < connections) {
      const n = started++
      const client = new Kind({ port, secure, offer, localAddress: `127.0.0.${1 + (n % 8)}` })
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
  async pingPong({ port, pids, connections, inFlight, bytes, secure, compressed, resumes, warm, ms }) {
    // "Compressed" frames carry bytes that nobody here inflates; RSV1 and the agreement are what a gateway sees.
    const payload = payloadOf(bytes)
    const there = burstOf(frameOf(payload, { masked: true, rsv1: compressed }), inFlight)
    const back = burstOf(frameOf(payload, { masked: false, rsv1: compressed }), inFlight)
    backend.becomes({ expected: payload, answer: back, compresses: compressed })
    clients = await open({ port, connections, secure, resumes, offer: compressed ? deflate : undefined })
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
    const result = await measure(pids, () => done, ms)
    for (const client of clients) client.onMessages = () => {}
    await settle(() => done)
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

  /** `connections` are opened, `atOnce` at a time, and closed again, over and over. */
  async setUp({ port, pids, connections, atOnce, warm, rounds }) {
    backend.becomes({})
    await closeAll(await open({ port, connections: warm }, atOnce))
    let microseconds = 0
    let seconds = 0
    for (let round = 0; round < rounds; round++) {
      const before = { at: performance.now(), used: processorTime(pids) }
      const opened = await open({ port, connections }, atOnce)
      microseconds += processorTime(pids) - before.used
      seconds += (performance.now() - before.at) / 1000
      if (!(await closeAll(opened))) return { closed: false }
    }
    const units = connections * rounds
    return { units, microseconds: microseconds / units, perSecond: units / seconds, wrong: 0, closed: true }
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
