/** Where Apache sends requests: ProxyPass lines and sections of one server. */

import { judge } from './apache-expr.ts'
import type { Place } from './context.ts'
import type { Directive } from './directive.ts'
import { all, handshakes, not, type Request, type Truth } from './truth.ts'

/** The main server or a virtual host, its conditional sections opened. */
export interface Server {
  directives: readonly Directive[]
  /** What holds for every virtual host unless it says otherwise. */
  main?: Server
}

/** A way from a path to a server behind. */
export interface Route {
  path: string
  /** What ProxyPassMatch and LocationMatch compare the path with. */
  pattern?: RegExp
  target: string
  options: readonly string[]
  /** Of sections the last that fits is taken, of ProxyPass lines the first. */
  section: boolean
  /** Written as SetHandler, which stands behind every ProxyPass. */
  handler?: true
  place: Place
}

const transparent = [
  'ifmodule',
  'ifdefine',
  'ifversion',
  'iffile',
  'ifsection',
  'macro',
  'requireall',
  'requireany',
]

/** Opens sections that only ask whether something is there. */
export function opened(directives: readonly Directive[]): Directive[] {
  return directives.flatMap((one) =>
    one.block && transparent.includes(one.name) ? opened(one.block) : [one],
  )
}

/** The main server and the virtual hosts. */
export function serversOf(directives: readonly Directive[]): Server[] {
  const all = opened(directives)
  const main: Server = { directives: all.filter(({ name }) => name !== 'virtualhost') }
  const hosts = all.filter(({ name }) => name === 'virtualhost')
  return [main, ...hosts.map(({ block }) => ({ directives: opened(block ?? []), main }))]
}

/** The last of some directives of a server, or else of the main one. */
export function settingOf(server: Server, name: string): Directive | undefined {
  return (
    server.directives.findLast((one) => one.name === name) ?? (server.main && settingOf(server.main, name))
  )
}

/** Every directive of a server, those in its sections too, without the virtual hosts. */
export function everywhere(server: Server): Directive[] {
  return placed(server).map(({ directive }) => directive)
}

/** A directive, and whether the conditions around it hold for a request. */
export interface Placed {
  directive: Directive
  holds(request: Request): Truth
}

/** Every directive of a server with what the <If> sections around it say. */
export function placed(server: Server): Placed[] {
  const visit = (list: readonly Directive[], around: Placed['holds']): Placed[] => {
    const before: Placed['holds'][] = []
    return list.flatMap((one) => {
      const inner = one.block && inside(one, around, before)
      return [{ directive: one, holds: around }, ...(inner ? visit(opened(one.block ?? []), inner) : [])]
    })
  }
  return visit(server.directives, () => true)
}

/** The condition under which a section holds; <Else> and <ElseIf> are for what the sections before did not take. */
export function inside(
  { name, args }: Directive,
  around: Placed['holds'],
  before: Placed['holds'][],
): Placed['holds'] {
  if (!/^(?:if|elseif|else)$/.test(name)) return around
  if (name === 'if') before.length = 0
  const earlier = [...before]
  const own: Placed['holds'] = (request) => (name === 'else' ? true : judge(args.join(' '), request))
  before.push(own)
  return (request) => all([around(request), ...earlier.map((one) => not(one(request))), own(request)])
}

/** The routes of a server, in the order of the file. */
export function routesOf(server: Server): Route[] {
  return [...passesOf(server), ...handlersOf(server)]
}

/** SetHandler "proxy:ws://…" where it holds for handshakes. */
function handlersOf(server: Server): Route[] {
  return placed(server).flatMap(({ directive: { name, args, place }, holds }) => {
    const target = name === 'sethandler' ? /^proxy:(wss?:.*)$/i.exec(args[0] ?? '')?.[1] : undefined
    if (target === undefined || handshakes.some((request) => holds(request) === false)) return []
    return [{ path: '/', target, options: [], section: true, handler: true, place }]
  })
}

function passesOf({ directives }: Server): Route[] {
  return directives.flatMap((one): Route[] => {
    const { name, args, block } = one
    if (name === 'proxypass' || name === 'proxypassmatch') return route(name, args, false, one.place)
    if (!block || !/^location(?:match)?$/.test(name)) return []
    const match = name === 'locationmatch' || args[0] === '~'
    const path = args[0] === '~' ? (args[1] ?? '') : (args[0] ?? '')
    return opened(block).flatMap((inner) => {
      const way = match || inner.name === 'proxypassmatch' ? 'proxypassmatch' : 'proxypass'
      const pass = inner.name === 'proxypass' || inner.name === 'proxypassmatch'
      return pass ? route(way, [path, ...inner.args], true, inner.place) : []
    })
  })
}

function route(
  name: string,
  [path = '', target = '', ...options]: string[],
  section: boolean,
  place: Place,
): Route[] {
  const pattern = name === 'proxypassmatch' ? expression(path, '') : undefined
  // The text that every path begins with which the expression fits.
  const start = pattern ? (/^\^?([\w/.-]*)/.exec(path.replaceAll('\\', ''))?.[1] ?? '') : path
  return [{ path: start || '/', target, options, section, place, ...(pattern && { pattern }) }]
}

/** A regular expression of Apache's as one of JavaScript's; one that cannot be read fits everything. */
export function expression(source: string, flags: string): RegExp {
  try {
    return new RegExp(source.replace(/\(\?i\)/g, ''), source.startsWith('(?i)') ? 'i' : flags)
  } catch {
    return /(?:)/
  }
}
