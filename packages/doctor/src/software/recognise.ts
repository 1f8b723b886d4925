// Which server or framework shows itself: in its processes, in its headers, in its answers to odd requests.

import type { softwareFindings } from '../findings-restart.ts'
import type { HttpAnswer } from '../probe/answer.ts'
import type { Prober, Reply } from '../probe/prober.ts'
import { headerOf } from '../probe/request.ts'

/** The code of the finding that says what it does on SIGTERM. */
export type Software = keyof typeof softwareFindings

/** By the command lines of its processes; the first that fits, so that who serves comes before what it runs on. */
const commands: readonly (readonly [pattern: RegExp, software: Software])[] = [
  [/\bgunicorn\b/, 'software-gunicorn'],
  [/\buvicorn\b/, 'software-uvicorn'],
  [/\bhypercorn\b/, 'software-hypercorn'],
  [/\bdaphne\b/, 'software-daphne'],
  [/(^|\/)puma\b|^puma[: ]/, 'software-puma'],
  [/\b(hypnotoad|morbo|prefork)\b/, 'software-mojolicious'],
  [/\bworkerd\b/, 'software-workerd'],
  [/org\.apache\.catalina/, 'software-tomcat'],
]

/** What runs it, which says less than who serves. */
const runtimes: readonly (readonly [pattern: RegExp, software: Software])[] = [
  [/(^|\/)deno( |$)/, 'software-deno'],
  [/(^|\/)bun( |$)/, 'software-bun'],
  [/(^|\/)node( |$)/, 'software-node'],
]

/** By the command lines of processes; undefined where none shows it. */
export function softwareOfCommand(lines: readonly string[]): Software | undefined {
  return commands.find(([pattern]) => lines.some((line) => pattern.test(line)))?.[1]
}

/** The runtime in the command lines of processes. */
export function runtimeOfCommand(lines: readonly string[]): Software | undefined {
  return runtimes.find(([pattern]) => lines.some((line) => pattern.test(line)))?.[1]
}

/** By the header Server. */
const servers: readonly (readonly [pattern: RegExp, software: Software])[] = [
  [/^uvicorn/i, 'software-uvicorn'],
  [/^hypercorn/i, 'software-hypercorn'],
  [/^(daphne|autobahn)/i, 'software-daphne'],
  [/^gunicorn/i, 'software-gunicorn'],
  [/aiohttp/i, 'software-aiohttp'],
  [/^TornadoServer/i, 'software-tornado'],
  [/websockets\//i, 'software-websockets'],
  [/^mojolicious/i, 'software-mojolicious'],
  [/^jetty/i, 'software-jetty'],
  [/^puma/i, 'software-puma'],
]

/** By the page of a plain request; the first that fits. */
const pages: readonly (readonly [pattern: RegExp, software: Software])[] = [
  [/^<!doctype html><html lang="en"><head><title>HTTP Status \d+ [\s\S]*Apache Tomcat/i, 'software-tomcat'],
  [/^Upgrade Required$/, 'software-node'],
  [/<pre>Cannot GET /, 'software-node'],
  [/^404 page not found\n$/, 'software-go'],
]

/** By what a framework says in JSON of a path that it does not have. */
function softwareOfJson(body: string): Software | undefined {
  const { message, error, statusCode, code } = objectIn(body)
  if (typeof message !== 'string') return undefined
  if (error === 'Not Found' && statusCode === 404) {
    if (message.startsWith('Route GET:')) return 'software-fastify'
    if (message.startsWith('Cannot GET ')) return 'software-nest'
  }
  // Engine.IO numbers what it does not like.
  return typeof code === 'number' && /^(Transport|Session ID) unknown$|^Bad /.test(message)
    ? 'software-socketio'
    : undefined
}

function objectIn(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** What an answer to the handshake, or to a plain request, shows. */
export function softwareOf({ headers, body }: Pick<HttpAnswer, 'headers' | 'body'>): Software | undefined {
  const server = headerOf(headers, 'server') ?? ''
  const powered = headerOf(headers, 'x-powered-by') ?? ''
  const byHeader = servers.find(([pattern]) => pattern.test(server))?.[1]
  const byPage = softwareOfJson(body) ?? pages.find(([pattern]) => pattern.test(body))?.[1]
  return byHeader ?? byPage ?? (/^(express|next\.js)/i.test(powered) ? 'software-node' : undefined)
}

/** A path that no server has, and that of Engine.IO, which answers there whatever its application is. */
const oddTargets = ['/holdfast-check-no-such-path', '/socket.io/?EIO=4']

/** What may be inside another one that shows itself elsewhere: Uvicorn answers handshakes by websockets, Fastify by ws. */
const inside: ReadonlySet<Software> = new Set<Software>(['software-websockets', 'software-node'])

/** Asks a live endpoint: a plain request, and odd ones. */
export async function softwareOfPeer(prober: Prober, known?: Software): Promise<Software | undefined> {
  const odd = oddTargets.map((target) => ({ upgrade: false, target }))
  let found = known
  for (const variation of [...(known ? [] : [{}]), { upgrade: false }, ...odd]) {
    if (found && !inside.has(found)) break
    const { answer } = await prober.attempt(variation)
    found = (answer.is === 'answer' ? softwareOf(answer) : undefined) ?? found
  }
  return found
}

/** The same, where the handshake has its answer already; nothing more is asked of a peer that gave none. */
export async function softwareBehind({ answer }: Reply, prober: Prober): Promise<Software | undefined> {
  if (answer.is !== 'answer') return undefined
  const known = softwareOf(answer)
  return prober.budgeted((limited) => softwareOfPeer(limited, known))
}
