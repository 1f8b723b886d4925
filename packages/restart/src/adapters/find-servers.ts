import type { IncomingMessage, Server } from 'node:http'
import type { Settings } from '../options.ts'
import { joined, type RestartServer } from '../seam.ts'
import { type BunServerLike, bunConnections, bunServer } from './bun.ts'
import { type CrosswsLike, crossws } from './crossws.ts'
import { type EngineLike, type EngineSocketLike, engineIo, isPoll } from './engine-io.ts'
import { type Framework, frameworks, named, socketIo, socketsOf } from './frameworks.ts'
import { type HeldCalls, holdCalls } from './held-calls.ts'
import { nodeHttp } from './node-http.ts'
import { httpServerOf, type WsServerLike, ws } from './ws.ts'

const known =
  'a node:http server, a WebSocketServer of ws, an application of a framework that the README names, an adapter of crossws, or what Bun.serve returns together with its bunSockets'

type Handles = () => ReadonlyMap<EngineSocketLike, object> | undefined

/** What the parts of a target have turned out to be; each of them once. `true`: a framework closes it itself. */
interface Found {
  http: Set<Server>
  ws: Map<WsServerLike, boolean>
  crossws: Set<CrosswsLike>
  engines: Map<EngineLike, { handles: Handles; owned: boolean }>
  bun: Set<BunServerLike>
  others: Set<RestartServer>
  frameworks: Map<object, readonly string[]>
}

/**
 * All that a target consists of, as one server. It is looked at again when the restart begins, since frameworks have
 * some of their servers only once they listen. Throws a TypeError for what it does not know.
 */
export function findServers(target: unknown, { requests, log }: Settings): RestartServer {
  const adopted = new Map<object, RestartServer>()
  let found = find(target)
  const libraries = () => found.ws.size + found.crossws.size + found.engines.size + found.others.size
  const polls = (request: IncomingMessage) => [...found.engines.keys()].some((each) => isPoll(each, request))

  function adopt(): void {
    const make = <T extends object>(parts: Iterable<T>, server: (part: T) => RestartServer) => {
      for (const part of parts) if (!adopted.has(part)) adopted.set(part, server(part))
    }
    make(found.http, (part) => nodeHttp(part, { handsOut: () => libraries() === 0, serves: polls }))
    make(found.ws.keys(), (part) => ws(part, found.ws.get(part)!))
    make(found.crossws, crossws)
    make(found.engines.keys(), (part) => {
      const { handles, owned } = found.engines.get(part)!
      return engineIo(part, handles, owned)
    })
    make(found.bun, bunServer)
    make(found.others, (part) => part)
    make(found.frameworks.keys(), (part) => framework(part, found.frameworks.get(part)!))
  }

  const all = () => joined([...adopted.values()], log)
  check(found, requests)
  adopt()
  return {
    sockets: () => all().sockets(),
    refuse(refusal) {
      found = find(target)
      adopt()
      all().refuse(refusal)
    },
    close: () => all().close(),
    cut: () => all().cut(),
    release: () => all().release(),
  }
}

/** The end of a framework itself: its own `close`, with its hooks. */
function framework(app: object, ends: readonly string[]): RestartServer {
  let held: HeldCalls | undefined
  return {
    sockets: () => [],
    refuse() {
      held = holdCalls(app, ends)
    },
    close: async () => held?.run(),
    cut: () => {},
    release: () => held?.release(),
  }
}

function check({ bun, others, ...found }: Found, requests: Settings['requests']): void {
  const servers = [bun, others, ...Object.values(found)].reduce((sum, { size }) => sum + size, 0)
  if (servers === found.frameworks.size) {
    throw new TypeError(
      'gracefulRestart finds no server in what it was given; call it once the server listens',
    )
  }
  if (bun.size > 0 && others.size === 0) {
    throw new TypeError(
      'Bun.serve does not tell its connections; wrap its WebSocket handlers with bunSockets, and pass both: gracefulRestart([server, handlers])',
    )
  }
  if (bun.size > 0 && requests === 'serve') {
    throw new RangeError("requests: 'serve' is not possible with Bun.serve; leave it out")
  }
}

function find(target: unknown): Found {
  const found: Found = {
    http: new Set(),
    ws: new Map(),
    crossws: new Set(),
    engines: new Map(),
    bun: new Set(),
    others: new Set(),
    frameworks: new Map(),
  }
  look(target, found, { owned: false, handles: () => undefined })
  return found
}

interface Within {
  /** A framework above closes what is found. */
  owned: boolean
  handles: Handles
}

function look(target: unknown, found: Found, inside: Within): void {
  if (Array.isArray(target)) {
    for (const part of target) look(part, found, inside)
    return
  }
  if (recognise(target, found, inside)) return
  const hint = typeof target === 'function' ? '; pass what listen() returns, not the app' : ''
  throw new TypeError(`gracefulRestart does not know this server; pass ${known}${hint}`)
}

function recognise(target: unknown, found: Found, inside: Within): boolean {
  if ((typeof target !== 'object' && typeof target !== 'function') || target === null) return false
  const has = (...names: string[]) => names.every((name) => name in target)
  const { owned } = inside
  const connections = bunConnections(target)
  if (connections) found.others.add(connections)
  else if (has('sockets', 'refuse', 'cut')) found.others.add(target as RestartServer)
  else if (has('reload', 'stop', 'pendingWebSockets')) found.bun.add(target as BunServerLike)
  else if (has('handleUpgrade', 'shouldHandle')) foundWs(target as WsServerLike, found, owned)
  else if (has('handleUpgrade', 'peers')) found.crossws.add(target as CrosswsLike)
  else if (has('handleUpgrade', 'handleRequest', 'clients')) foundEngine(target as EngineLike, found, inside)
  else if (has('listen', 'close', 'closeIdleConnections')) found.http.add(target as Server)
  else if (has(...socketIo.has))
    lookInto(target, socketIo, found, { owned, handles: () => socketsOf(target) })
  else return lookForFramework(target, found, inside)
  return true
}

function foundWs(server: WsServerLike, found: Found, owned: boolean): void {
  found.ws.set(server, owned || found.ws.get(server) === true)
  const http = httpServerOf(server)
  if (http) found.http.add(http)
}

/** Passed beside its Socket.IO it is still the same. */
function foundEngine(engine: EngineLike, found: Found, { owned, handles }: Within): void {
  const before = found.engines.get(engine)
  if (!before?.owned) found.engines.set(engine, { handles, owned })
}

function lookForFramework(target: object, found: Found, inside: Within): boolean {
  const kind = frameworks.find(({ has }) => has.every((name) => name in target))
  if (kind) return lookInto(target, kind, found, inside)
  return (
    typeof target === 'object' &&
    named.parts(target as never).some(Boolean) &&
    lookInto(target, named, found, inside)
  )
}

function lookInto(target: object, kind: Framework, found: Found, { owned, handles }: Within): true {
  const { ends = [] } = kind
  if (ends.length > 0 && !owned) found.frameworks.set(target, ends)
  const inside = { owned: owned || ends.length > 0, handles }
  for (const part of kind.parts(target as never)) if (part) look(part, found, inside)
  return true
}
