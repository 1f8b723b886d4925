// Real applications under their own clients, killed and started again behind `hold: {}`: their users work again, and nothing that is
// said once they do is lost. Six of those in bench/apps, which has the others, the measured times and the other ways.
import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Changes, Child, eventually, type Holdfast, once, startHoldfast } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { aedesMissing } from './aedes.ts'

/** A user as bench/apps drives one. */
interface User {
  heard: Map<string, { times: number }>
  events: { at: number; event: string }[]
  said: { text: string; refused: string | false; confirmed: boolean }[]
  ready: Promise<unknown>
  speak(): void
  leave(): unknown
}

const bench = new URL('../../../bench/apps/', import.meta.url)
const { user } = (await import(new URL('lib/users.mjs', bench).href)) as {
  user(application: unknown, options: object): User
}
/** Milliseconds in which a client has come back by itself, however long its library waits. */
const limit = 45_000

/**
 * Applications, and whether a restart is to go unnoticed in the client. `inParts`: the server writes a packet in several
 * messages, and no client can go on with one that a kill cuts in two (docs/replay.md), so that nothing may be under way.
 */
const six = [
  { name: 'chat', unnoticed: false },
  { name: 'socketio', unnoticed: false },
  { name: 'graphql-ws', unnoticed: true },
  { name: 'trpc', unnoticed: true },
  { name: 'mqtt-aedes', unnoticed: true, inParts: true },
  { name: 'y-websocket', unnoticed: true },
]

async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function listens(port: number) {
  return new Promise<boolean>((resolve) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

/**
 * An application's server on a port of its own, which it keeps when it is started again. Whoever dials out may have been
 * given that port for a moment while nobody listened on it: then it is started once more.
 */
async function startServer(name: string, port: number, folder: string) {
  const script = new URL('lib/server.mjs', bench).pathname
  const start = () => new Child(process.execPath, [script, name, String(port), folder])
  let child = start()
  const up = () => {
    if (child.exit && !child.describe().includes('EADDRINUSE')) throw new Error(child.describe())
    if (child.exit) child = start()
    return listens(port)
  }
  await eventually(`${name} listens`, up, { limit, every: 100, detail: () => child.describe() })
  return child
}

async function heldBy(gateway: Holdfast, count: number) {
  const { body } = await gateway.api('/api/state')
  const [route] = (body as { routes: { connections: { held: number } }[] }).routes
  return route?.connections.held === count
}

describe.each(six)('$name behind `hold: {}`', ({ name, unnoticed, inParts }) => {
  test.skipIf(name === 'mqtt-aedes' && aedesMissing)(
    'is killed and comes back: its users work again and hear all that is said from then on',
    async () => {
      const application = await import(new URL(`applications/${name}.mjs`, bench).href)
      const folder = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
      const port = await freePort()
      const changes = new Changes()
      const users: User[] = []
      const arrive = async (author: string, at: number) => {
        const options = {
          author,
          port: at,
          folder,
          now: () => performance.now(),
          changed: () => changes.notify(),
        }
        const one = user(application, options)
        users.push(one)
        await one.ready
        return one
      }
      /** Speaks until the others hear it: the first words may be said to nobody. */
      const heardBy = async (speaker: User, ...others: User[]) => {
        const from = speaker.said.length
        const timer = setInterval(speaker.speak, 100)
        const reached = (other: User) => speaker.said.slice(from).some(({ text }) => other.heard.has(text))
        try {
          await changes.until('everybody hears', () => others.every(reached), {
            limit,
            detail: () => users.map(seen),
          })
        } finally {
          clearInterval(timer)
        }
      }
      const seen = ({ said, heard, events }: User) => ({ said: said.length, heard: heard.size, events })
      let server = await startServer(name, port, folder)
      try {
        const route = { name: 'app', upstreams: [`ws://127.0.0.1:${port}`], hold: {} }
        await using gateway = await startHoldfast({ config: { workers: 1, routes: [route] } })
        const front = Number(new URL(gateway.url).port)
        const [quiet, busy] = await Promise.all([arrive('held.quiet', front), arrive('held.busy', front)])
        await heardBy(busy, quiet)
        if (inParts) {
          const arrived = () =>
            busy.said.every(
              ({ text, confirmed }) => confirmed && quiet.heard.has(text) && busy.heard.has(text),
            )
          await changes.until('nothing is under way', arrived, { limit, detail: () => users.map(seen) })
        }
        const before = { quiet: quiet.events.length, busy: busy.events.length }

        server.signal('SIGKILL')
        await server.exited
        if (unnoticed) await eventually('both are held', () => heldBy(gateway, 2), { limit })
        const meanwhile = busy.said.length
        busy.speak()
        server = await startServer(name, port, folder)
        const probe = await arrive('the.probe', port)

        await heardBy(probe, quiet, busy)
        await heardBy(busy, probe, quiet)
        // From here on nothing is lost.
        const from = { probe: probe.said.length, busy: busy.said.length }
        for (let i = 0; i < 10; i++) {
          probe.speak()
          busy.speak()
        }
        const said = [...probe.said.slice(from.probe), ...busy.said.slice(from.busy)]
        const heardAll = () => said.every(({ text }) => quiet.heard.has(text))
        await changes.until('the quiet user hears all of it', heardAll, {
          limit,
          detail: () => users.map(seen),
        })
        expect(said.filter(({ refused }) => refused)).toEqual([])
        if (unnoticed) {
          const told = (one: User, from: number) => one.events.slice(from).map(({ event }) => event)
          expect(told(quiet, before.quiet)).toEqual([])
          expect(told(busy, before.busy)).toEqual([])
          const { text } = busy.said[meanwhile]!
          expect(busy.heard.has(text) || quiet.heard.has(text)).toBe(true)
          expect([...quiet.heard.values(), ...busy.heard.values()].every(({ times }) => times === 1)).toBe(
            true,
          )
        }
      } finally {
        for (const one of users)
          await Promise.race([one.leave(), new Promise((resolve) => setTimeout(resolve, 200))])
        await server[Symbol.asyncDispose]()
        rmSync(folder, { recursive: true, force: true })
      }
    },
  )
})
