/** Finds what breaks WebSockets in Caddyfiles; JSON is read in caddy-json. */
import { readCaddyJson } from './caddy-json.ts'
import { checkMatcher, type Matcher, matcherFromLines, matcherHolds } from './caddy-matcher.ts'
import {
  type CaddyProxy,
  checkCaddyProxies,
  checkHeader,
  checkPathMatcher,
  type HeaderOperation,
  type Text,
} from './caddy-proxy.ts'
import { parseCaddyfile } from './caddyfile.ts'
import type { ConfigFile, ReadFiles, Report } from './context.ts'
import type { Directive } from './directive.ts'
import { glob } from './glob.ts'
import { keepsHandshakesOut, singlesOutHandshakes } from './truth.ts'
import { looksLikeWebSocket } from './websocket.ts'

/** Reads one configuration, as a Caddyfile or as JSON. */
export function readCaddy(file: ConfigFile, report: Report, read?: ReadFiles): void {
  if (/^\s*\{\s*(?:"|\}\s*$)/.test(file.text)) return readCaddyJson(file, report)
  const sites = parseCaddyfile(file, report, read)
  // A part that is meant to be imported has directives where a whole file has sites.
  const blocks = [...sites.flatMap(({ block }) => (block ? [block] : [])), sites]
  checkCaddyProxies(
    blocks.flatMap((block) => new Site(block, report).check()),
    report,
  )
}

/** Directives that take a matcher and may hold others. */
const containers: readonly string[] = ['handle', 'handle_path', 'route']
const routed: readonly string[] = [...containers, 'reverse_proxy', 'php_fastcgi']

/** What leads to a directive. */
type Matched = Pick<CaddyProxy, 'paths' | 'upgrade' | 'closed'>

class Site {
  readonly #block: readonly Directive[]
  readonly #report: Report
  readonly #proxies: CaddyProxy[] = []
  readonly #matchers = new Map<string, Directive[]>()

  constructor(block: readonly Directive[], report: Report) {
    this.#block = block
    this.#report = report
    this.#collect(block)
  }

  /** Checks everything but the proxies, and returns those. */
  check(): CaddyProxy[] {
    this.#checkBlock(this.#block, { paths: [], upgrade: false, closed: false }, false)
    return this.#proxies
  }

  #collect(block: readonly Directive[]): void {
    for (const line of block) {
      if (line.name.startsWith('@')) {
        const [name = '', ...args] = line.args
        this.#matchers.set(line.name, line.block ?? [{ name, args, place: line.place }])
      } else if (line.block) {
        this.#collect(line.block)
      }
    }
  }

  /** Checks the directives of a block, to which these paths lead. In a route they run as they stand. */
  #checkBlock(block: readonly Directive[], around: Matched, literal: boolean): void {
    this.#checkOrder(block, literal)
    for (const line of block) {
      if (line.name.startsWith('@')) this.#checkMatcher(line)
      if (line.name === 'proxy') this.#report.found('caddy-v1', { directive: 'proxy' }, line.place)
      if (line.name === 'request_header') {
        for (const operation of operations(this.#withoutMatcher(line), line))
          checkHeader(operation, this.#report)
      }
      if (!routed.includes(line.name)) continue
      const own = this.#paths(line)
      const matched: Matched = {
        paths: own.length > 0 ? own.map(({ text }) => text) : around.paths,
        upgrade: around.upgrade || singlesOutHandshakes((one) => matcherHolds(this.#matcher(line), one)),
        closed: around.closed || keepsHandshakesOut((one) => matcherHolds(this.#matcher(line), one)),
      }
      for (const path of own) checkPathMatcher(path, this.#report)
      if (line.name === 'reverse_proxy') this.#takeProxy(line, matched)
      if (containers.includes(line.name) && line.block) {
        this.#checkStripped(line, line.block, matched.paths)
        this.#checkBlock(line.block, matched, line.name === 'route')
      }
    }
  }

  #checkMatcher({ name, place }: Directive): void {
    const lines = this.#matchers.get(name) ?? []
    checkMatcher(matcherFromLines(lines), this.#report)
    for (const one of lines) {
      if (one.name === 'expression' && /upgrade|connection/i.test(one.args.join(' '))) {
        this.#report.notRead(place, `the expression of ${name} is not understood`)
      }
    }
  }

  /** The paths that the matcher of a directive asks for. */
  #paths(line: Directive): Text[] {
    const first = line.args[0] ?? ''
    if (first.startsWith('/')) return [{ text: first, place: line.place }]
    return (this.#matchers.get(first) ?? []).flatMap(({ name, args, place }) =>
      name === 'path' ? args.map((text) => ({ text, place })) : [],
    )
  }

  #matcher(line: Directive): Matcher {
    return matcherFromLines(this.#matchers.get(line.args[0] ?? '') ?? [])
  }

  #withoutMatcher(line: Directive): string[] {
    return /^(?:[/@]|\*$)/.test(line.args[0] ?? '') ? line.args.slice(1) : line.args
  }

  #takeProxy(line: Directive, matched: Matched): void {
    const { place, block = [] } = line
    const texts = (found: Directive | undefined, from = 0): Text[] =>
      found ? found.args.slice(from).map((text) => ({ text, place: found.place })) : []
    const sub = (name: string, within = block) => within.find((one) => one.name === name)
    const transport = block.find(({ name, args }) => name === 'transport' && args[0] === 'http')?.block ?? []
    const dated = block.find(({ name }) => name === 'websocket' || name === 'transparent')
    if (dated) this.#report.found('caddy-v1', { directive: dated.name }, dated.place)
    const [readTimeout] = texts(sub('read_timeout', transport))
    const [streamTimeout] = texts(sub('stream_timeout'))
    const policy = sub('lb_policy')?.args[0]
    this.#proxies.push({
      place,
      ...matched,
      upstreams: [
        ...this.#withoutMatcher(line).map((text) => ({ text, place })),
        ...block.filter(({ name }) => name === 'to').flatMap((to) => texts(to)),
      ],
      headers: block.flatMap((one) => (one.name === 'header_up' ? operations(one.args, one) : [])),
      versions: texts(sub('versions', transport)),
      ...(readTimeout && { readTimeout }),
      ...(streamTimeout && { streamTimeout }),
      ...(policy && { policy }),
    })
  }

  /** A prefix that is cut off before the request is proxied. */
  #checkStripped(line: Directive, block: readonly Directive[], paths: readonly string[]): void {
    const path = paths.find(looksLikeWebSocket)
    const proxies = (lines: readonly Directive[]): boolean =>
      lines.some(({ name, block: inner }) => name === 'reverse_proxy' || proxies(inner ?? []))
    if (!path || !proxies(block)) return
    const cut = block.find(({ name, args }) => name === 'uri' && args.includes('strip_prefix'))
    if (line.name === 'handle_path') this.#report.found('caddy-path-stripped', { path }, line.place)
    else if (cut) this.#report.found('caddy-path-stripped', { path }, cut.place)
  }

  /**
   * Directives that change the path, or answer, before others look at it: Caddy runs redir, rewrite, uri and
   * try_files before handle, route and reverse_proxy, in whatever order they stand.
   */
  #checkOrder(block: readonly Directive[], literal: boolean): void {
    const targets = block
      .flatMap((line, index) => {
        const patterns = routed.includes(line.name) ? this.#paths(line).map(({ text }) => text) : []
        const [first] = patterns
        if (first === undefined) return []
        const star = first.indexOf('*')
        const path = (star < 0 ? first : first.slice(0, star).replace(/\/$/, '')) || '/'
        return [
          { index, first, path, matchers: patterns.map((pattern) => glob(pattern, { ignoreCase: true })) },
        ]
      })
      .sort((a, b) => Number(looksLikeWebSocket(b.path)) - Number(looksLikeWebSocket(a.path)))
    for (const [index, change] of block.entries()) {
      const missed = targets.find((target) => {
        const after = literal && index > target.index ? undefined : changed(change, target.path)
        return after !== undefined && !target.matchers.some((matcher) => matcher(after))
      })
      if (!missed) continue
      const directive = [change.name, ...change.args].join(' ')
      this.#report.found('caddy-rewritten-first', { directive, path: missed.first }, change.place)
    }
  }
}

/** What header_up and request_header do: `-Name`, `Name value`, `Name find replace`. */
function operations(args: readonly string[], { name, place }: Directive): HeaderOperation[] {
  const [field = '', value, replacement] = args
  const text = [name, ...args].join(' ')
  if (field.startsWith('-')) return [{ text, place, header: field.slice(1) }]
  if (value === undefined || replacement !== undefined || /^[+?>]/.test(field)) return []
  return [{ text, place, header: field, value }]
}

/** The path after a directive that takes every request; '' when it answers itself, undefined when nothing changes. */
function changed({ name, args, block }: Directive, path: string): string | undefined {
  const all = args[0] === '*' ? args.slice(1) : args
  if (block) return undefined
  if (name === 'rewrite' && all.length === 1) {
    return (all[0] ?? '')
      .split('?', 1)[0]!
      .replaceAll(/\{(?:path|uri|http\.request\.(?:uri|uri\.path))\}/g, path)
  }
  if (name === 'uri' && all[0] === 'strip_prefix') {
    const prefix = `/${(all[1] ?? '').replace(/^\//, '')}`
    return path.startsWith(prefix) ? path.slice(prefix.length) || '/' : undefined
  }
  if (name === 'try_files') {
    const fallback = all.at(-1) ?? ''
    return fallback.startsWith('/') && !fallback.includes('{') ? fallback.split('?', 1)[0] : undefined
  }
  if (name === 'redir' && all.length > 0 && !/^[/@]/.test(all[0] ?? '')) return ''
  return undefined
}
