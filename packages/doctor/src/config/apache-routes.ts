/** Where Apache sends requests: ProxyPass lines, Location sections and rewrite rules of one server. */
import type { Place } from './context.ts'
import type { Directive } from './directive.ts'

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
  place: Place
}

/** A RewriteRule with the conditions before it. */
export interface Rule {
  conditions: readonly Directive[]
  pattern: string
  target: string
  flags: readonly string[]
  /** Whether RewriteEngine is on where the rule stands. */
  on: boolean
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
function opened(directives: readonly Directive[]): Directive[] {
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
  const visit = (list: readonly Directive[]): Directive[] =>
    list.flatMap((one) => [one, ...(one.block ? visit(opened(one.block)) : [])])
  return visit(server.directives)
}

/** The routes of a server, in the order of the file. */
export function routesOf({ directives }: Server): Route[] {
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

/** The rewrite rules of a server, those in its sections too. */
export function rulesOf(server: Server): Rule[] {
  // A section says it for itself; a virtual host takes what it does not say from the main server.
  const on = (list: readonly Directive[]) => {
    const own = list.findLast(({ name }) => name === 'rewriteengine') ?? settingOf(server, 'rewriteengine')
    return own?.args[0]?.toLowerCase() === 'on'
  }
  const visit = (list: readonly Directive[]): Rule[] => {
    let conditions: Directive[] = []
    return list.flatMap((one): Rule[] => {
      if (one.block) return /^(?:location|directory|if)/.test(one.name) ? visit(opened(one.block)) : []
      if (one.name === 'rewritecond') conditions.push(one)
      if (one.name !== 'rewriterule') return []
      const [pattern = '', target = '', flags = ''] = one.args
      const names = flags
        .replace(/^\[|\]$/g, '')
        .split(',')
        .map((flag) => flag.trim().toUpperCase())
      const rule = { conditions, pattern, target, flags: names, on: on(list), place: one.place }
      conditions = []
      return [rule]
    })
  }
  return visit(server.directives)
}

/** A regular expression of Apache's as one of JavaScript's; one that cannot be read fits everything. */
export function expression(source: string, flags: string): RegExp {
  try {
    return new RegExp(source.replace(/\(\?i\)/g, ''), source.startsWith('(?i)') ? 'i' : flags)
  } catch {
    return /(?:)/
  }
}
