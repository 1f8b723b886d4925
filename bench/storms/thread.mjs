// Clients of one library in a thread of their own: what a library keeps for a page, each thread has for itself.
import { AsyncLocalStorage } from 'node:async_hooks'
import net from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { load } from './libraries.mjs'

const { url: file, name, port, first, count } = workerData

const now = () => performance.timeOrigin + performance.now()
const tell = (what, more) => parentPort.postMessage({ what, at: now(), ...more })

/** The number of the client whose code runs. */
const current = new AsyncLocalStorage()

/**
 * Counts every connection that is begun to the port, whichever package begins it, and gives each client an address of its
 * own, of the many that a loopback interface has.
 */
const { connect: dial } = net.Socket.prototype
net.Socket.prototype.connect = function connect(...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args
  if (Number(options?.port) === port) {
    const client = current.getStore() ?? 0
    const number = first + client
    options.localAddress = `127.1.${number >> 8}.${number & 255}`
    const begun = performance.now()
    tell('dial', { client })
    this.once('close', () => tell('end', { client, age: performance.now() - begun }))
  }
  return dial.apply(this, args)
}

// A library may leave a failed promise behind; the applications that we stand for live with it.
process.on('unhandledRejection', () => {})
process.on('uncaughtException', (error) => tell('problem', { problem: error.message }))

const { WebSocket } = await load('ws')
globalThis.WebSocket = WebSocket
const { connect } = await import(file)

const clients = []
const host = `127.0.0.1:${port}`
for (let client = 0; client < count; client++) {
  const place = {
    load,
    WebSocket,
    client,
    port,
    origin: `http://${host}`,
    url: `ws://${host}/${name}`,
    httpUrl: `http://${host}/${name}`,
    served: () => tell('served', { client }),
    gaveUp: () => tell('gaveUp', { client }),
  }
  clients[client] = current.run(client, async () => connect(place))
}

parentPort.on('message', async (texts) => {
  for (const [client, text] of texts.entries()) {
    try {
      const say = await clients[client]
      await current.run(client, () => say(text))
    } catch {
      // The library refuses to send while it is not connected: the application knows.
    }
  }
})
