import type { Server } from 'node:http'
import type { Settings } from '../options.ts'
import type { RestartServer } from '../seam.ts'
import { type BunServerLike, bunConnections, bunServer } from './bun.ts'
import { type CrosswsLike, crossws } from './crossws.ts'
import { type FastifyLike, fastify } from './fastify.ts'
import { nodeHttp } from './node-http.ts'
import { httpServerOf, type WsServerLike, ws } from './ws.ts'

const known =
  'a node:http server, a WebSocketServer of ws, a Fastify app, an adapter of crossws, or what Bun.serve returns together with its bunSockets'

/** What the parts of a target have turned out to be; each of them once. */
interface Found {
  http: Set<Server>
  ws: Set<WsServerLike>
  fastify: Set<FastifyLike>
  crossws: Set<CrosswsLike>
  bun: Set<BunServerLike>
  others: Set<RestartServer>
}

/** Recognises what it is given by its shape. Throws a TypeError for what it does not know. */
export function findServers(target: unknown, { requests, log }: Settings): RestartServer[] {
  const found: Found = {
    http: new Set(),
    ws: new Set(),
    fastify: new Set(),
    crossws: new Set(),
    bun: new Set(),
    others: new Set(),
  }
  look(target, found)
  if (found.bun.size > 0 && found.others.size === 0) {
    throw new TypeError(
      'Bun.serve does not tell its connections; wrap its WebSocket handlers with bunSockets, and pass both: gracefulRestart([server, handlers])',
    )
  }
  if (found.bun.size > 0 && requests === 'serve') {
    throw new RangeError("requests: 'serve' is not possible with Bun.serve; leave it out")
  }
  const libraries = found.ws.size + found.crossws.size + found.others.size
  return [
    ...[...found.http].map((server) => nodeHttp(server, () => libraries === 0)),
    ...[...found.ws].map((server) => ws(server)),
    ...[...found.fastify].map((app) => fastify(app, log)),
    ...[...found.crossws].map((adapter) => crossws(adapter)),
    ...[...found.bun].map((server) => bunServer(server)),
    ...found.others,
  ]
}

function look(target: unknown, found: Found): void {
  if (Array.isArray(target)) {
    for (const part of target) look(part, found)
    return
  }
  if (typeof target === 'object' && target !== null && recognise(target, found)) return
  const hint = typeof target === 'function' ? '; pass what listen() returns, not the app' : ''
  throw new TypeError(`gracefulRestart does not know this server; pass ${known}${hint}`)
}

function recognise(target: object, found: Found): boolean {
  const has = (...names: string[]) => names.every((name) => name in target)
  const connections = bunConnections(target)
  if (connections) found.others.add(connections)
  else if (has('sockets', 'refuse', 'cut')) found.others.add(target as RestartServer)
  else if (has('reload', 'stop', 'pendingWebSockets')) found.bun.add(target as BunServerLike)
  else if (has('server', 'decorate', 'close')) found.fastify.add(target as FastifyLike)
  else if (has('handleUpgrade', 'shouldHandle')) foundWs(target as WsServerLike, found)
  else if (has('handleUpgrade', 'peers')) found.crossws.add(target as CrosswsLike)
  else if (has('listen', 'close', 'closeIdleConnections')) found.http.add(target as Server)
  else return lookAtParts(target as { server?: unknown; wss?: unknown }, found)
  return true
}

function foundWs(server: WsServerLike, found: Found): void {
  found.ws.add(server)
  const http = httpServerOf(server)
  if (http) found.http.add(http)
}

/** Parts under their names, such as `{ server, wss }`. */
function lookAtParts({ server, wss }: { server?: unknown; wss?: unknown }, found: Found): boolean {
  for (const part of [server, wss]) if (part !== undefined) look(part, found)
  return server !== undefined || wss !== undefined
}
