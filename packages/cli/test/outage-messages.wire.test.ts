// What an application says while its server is away is delivered as it would be without a gateway: once. By libraries of
// bench/storms that keep a message until they are connected; docs/storms.md says why the others are not here.
import { setTimeout as after } from 'node:timers/promises'
import type { GatewaySnapshot } from '@holdfast/gateway'
import { closedPort, eventually, once, startHoldfast } from '@holdfast/testing'
import { expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { answers, applications, greetings } from './outage-clients.ts'

/** Milliseconds for which the server is away. */
const outage = 4_000
/** Milliseconds after the end of an outage in which every library has tried again: reconnecting-websocket's pause is 10 s. */
const patience = 40_000

/**
 * By the first segment of the path: what its route says. Handshakes that wait outlive such an outage, so that the routes
 * with `wait: off` show what a refusal does.
 */
const routes: Record<string, object> = {
  plain: {},
  held: { hold: { state: 'none' } },
  refused: { wait: 'off' },
  http: { wait: 'off', badGateway: 'http' },
  close: { wait: 'off', badGateway: 'close' },
}

/** Who is told in band that there is no upstream has been open: only a client that goes by `sent=0` loses nothing by that. */
const putsBack = ['holdfast']
const librariesOf = (way: string) =>
  Object.entries(applications).filter(([library]) => way !== 'close' || putsBack.includes(library))

/** A server of all the libraries, which can be away, and what it was told, with how often. */
async function server() {
  const told = new Map<string, number>()
  const sockets = new Set<WebSocket>()
  const listen = async (port: number) => {
    const wss = new WebSocketServer({ port, host: '127.0.0.1', handleProtocols: ([first]) => first ?? false })
    await once(wss, 'listening')
    wss.on('connection', (socket, request) => {
      sockets.add(socket)
      const library = request.url!.split(/[/?]/).find((segment) => segment in applications)!
      socket.on('close', () => sockets.delete(socket)).on('error', () => {})
      socket.on('message', (data) => {
        const message = String(data)
        const [words] = /said .*? via \w+/.exec(message) ?? []
        if (words) told.set(words, (told.get(words) ?? 0) + 1)
        for (const answer of answers(library, message)) socket.send(answer)
      })
      for (const greeting of greetings(library)) socket.send(greeting)
    })
    return wss
  }
  const port = await closedPort()
  let wss = await listen(port)
  const leave = async () => {
    const closed = new Promise((resolve) => wss.close(resolve))
    for (const socket of sockets) socket.terminate()
    await closed
  }
  return {
    port,
    told,
    leave,
    async comeBack() {
      wss = await listen(port)
    },
    [Symbol.asyncDispose]: leave,
  }
}

it('a message that an application sends during an outage arrives once, as it does without a gateway', async () => {
  await using upstream = await server()
  const upstreams = [`ws://127.0.0.1:${upstream.port}`]
  await using holdfast = await startHoldfast({
    config: {
      routes: Object.entries(routes).map(([name, more]) => ({
        name,
        match: { path: `/${name}/*` },
        upstreams,
        ...more,
      })),
    },
  })
  const ways = {
    direct: upstreams[0]!,
    ...Object.fromEntries(Object.keys(routes).map((name) => [name, holdfast.url])),
  }
  const openAll = (who: string) =>
    Object.entries(ways).flatMap(([way, url]) =>
      librariesOf(way).map(([library, open]) => ({
        way,
        name: `${who} ${library} via ${way}`,
        application: open(`${url}/${way}/${library}`),
      })),
    )
  const clients = openAll('old')
  /** Those that are there so far. */
  const said = [...clients]
  const sayAll = (what: string) => {
    for (const { name, application } of said) application.say(`said ${what} by ${name}`)
  }
  const lacking = (what: string) =>
    said.map(({ name }) => `said ${what} by ${name}`).filter((words) => !upstream.told.has(words))
  const arrives = (what: string) =>
    eventually(`what was said ${what}, from every client`, () => lacking(what).length === 0, {
      limit: patience,
      detail: () => lacking(what),
    })
  const held = clients.filter(({ way }) => way === 'held').length
  const seenOf = async (route: string) => {
    const { routes: seen } = (await holdfast.api('/api/state')).body as GatewaySnapshot
    return seen.find(({ name }) => name === route)!
  }
  const noticed = async () => {
    const { connections: holding } = await seenOf('held')
    return (
      holding.held === held &&
      clients.every(({ way, application }) => way === 'held' || !application.connected())
    )
  }
  try {
    sayAll('before')
    await arrives('before')
    await upstream.leave()
    const until = after(outage)
    // Before a client has noticed, what it sends is lost with or without a gateway.
    await eventually('every client has noticed', noticed)
    // Pages that are loaded meanwhile say something, too.
    said.push(...openAll('new'))
    sayAll('meanwhile')
    await until
    await upstream.comeBack()
    await arrives('meanwhile')
    // They were told in band that what they had sent was not handed on.
    expect((await seenOf('close')).counters.turnedAway?.['close:1014']).toBeGreaterThan(1)
    // On the same connections, behind whatever a library would say twice.
    sayAll('afterwards')
    await arrives('afterwards')
    expect([...upstream.told].filter(([, times]) => times !== 1)).toEqual([])
  } finally {
    for (const { application } of said) application.stop()
  }
})
