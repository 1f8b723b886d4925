/** The blocks of an nginx configuration as nginx sees them: what is inherited, and what variables hold. */

import type { Directive } from './directive.ts'
import { testForeign } from './foreign-expression.ts'
import { all, headerOf, type Request, type Truth } from './truth.ts'

/** A block, and the block that it inherits from. */
export interface Scope {
  directive?: Directive
  parent?: Scope
  own: readonly Directive[]
}

/** All blocks in which requests are handled: http, servers, locations and ifs. */
export function httpScopes(directives: readonly Directive[]): { scopes: Scope[]; whole: boolean } {
  const http = directives.filter(({ name, block }) => name === 'http' && block)
  // A file from conf.d or sites-enabled has its servers at the top, a snippet its locations.
  const roots = http.length > 0 ? http.map(({ block }) => block ?? []) : [directives]
  const scopes: Scope[] = []
  const enter = (own: readonly Directive[], parent?: Scope, directive?: Directive) => {
    const scope: Scope = { own, ...(parent && { parent }), ...(directive && { directive }) }
    scopes.push(scope)
    for (const child of own) {
      const inside = ['server', 'location', 'if', 'limit_except'].includes(child.name)
      if (inside && child.block) enter(child.block, scope, child)
    }
  }
  for (const root of roots) enter(root)
  return { scopes, whole: http.length > 0 }
}

/** What a block says, or the nearest around it that says anything: lists are inherited whole or not at all. */
export function effective(scope: Scope, name: string): Directive[] {
  for (let at: Scope | undefined = scope; at; at = at.parent) {
    const own = at.own.filter((directive) => directive.name === name)
    if (own.length > 0) return own
  }
  return []
}

/** The same list, from all blocks around, the nearest first. */
export function around(scope: Scope, name: string): Directive[] {
  const parent = scope.parent
  return parent ? [...parent.own.filter((directive) => directive.name === name), ...around(parent, name)] : []
}

/** May something that is not there stand in an include that could not be followed? */
export function isBlind(scope: Scope): boolean {
  return (
    scope.own.some(({ name }) => name === 'include') || (scope.parent !== undefined && isBlind(scope.parent))
  )
}

/** The server block that a scope is in. */
export function serverOf(scope: Scope): Scope | undefined {
  let at: Scope | undefined = scope
  while (at && at.directive?.name !== 'server') at = at.parent
  return at
}

/** How a location is called in findings: `/ws/`, `~ ^/ws`. Inside an if it is the location around it. */
export function locationOf(scope: Scope): string {
  let at: Scope | undefined = scope
  while (at && at.directive?.name !== 'location') at = at.parent
  return at?.directive?.args.join(' ') || '/'
}

/** Variables that the configuration defines, with their maps. */
export interface Variables {
  maps: ReadonlyMap<string, Directive>
  /** By set, geo, captures in regular expressions, Lua and the like: their values are not known. */
  others: ReadonlySet<string>
}

/** Finds what defines variables anywhere in the configuration. */
export function variablesOf(directives: readonly Directive[]): Variables {
  const maps = new Map<string, Directive>()
  const others = new Set<string>()
  const visit = (list: readonly Directive[]) => {
    for (const directive of list) {
      const { name, args, block } = directive
      if (name === 'map' && args[1]) maps.set(bare(args[1]), directive)
      else if (/^(?:set|geo|split_clients|.*_set|set_by_lua.*|js_\w+|upstream_\w+)$/.test(name)) {
        for (const arg of args) if (arg.startsWith('$')) others.add(bare(arg))
      }
      for (const arg of args) {
        for (const [, capture] of arg.matchAll(/\(\?P?<(\w+)>/g)) others.add(capture ?? '')
      }
      if (block && name !== 'map') visit(block)
    }
  }
  visit(directives)
  return { maps, others }
}

function bare(variable: string): string {
  return variable.replace(/^\$\{?(\w*)\}?$/, '$1').toLowerCase()
}

/** What a request puts into a variable of nginx's own; undefined when it is not known. */
function builtIn(name: string, request: Request): string | undefined {
  if (name === 'request_method') return 'GET'
  const header = /^http_(.+)$/.exec(name)?.[1]
  return header && headerOf(request, header.replaceAll('_', '-'))
}

/** The text that this value has for a request; undefined when it depends on something that is not known. */
export function evaluate(
  value: string,
  variables: Variables,
  request: Request,
  depth = 0,
): string | undefined {
  if (depth > 8) return undefined
  let known = true
  const text = value.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, braced?: string, plain?: string) => {
    const name = (braced ?? plain ?? '').toLowerCase()
    const map = variables.maps.get(name)
    const held = map
      ? mapped(map, variables, request, depth + 1)
      : variables.others.has(name)
        ? undefined
        : builtIn(name, request)
    if (held === undefined) known = false
    return held ?? ''
  })
  return known ? text : undefined
}

function mapped(map: Directive, variables: Variables, request: Request, depth: number): string | undefined {
  const input = evaluate(map.args[0] ?? '', variables, request, depth)
  if (input === undefined) return undefined
  let otherwise = ''
  let fromPattern: string | undefined
  for (const { name, args } of map.block ?? []) {
    const result = args[0] ?? ''
    if (name === 'include') return undefined
    if (name === 'default') otherwise = result
    // nginx compares strings without regard to case, and they come before regular expressions.
    else if (name.replace(/^\\/, '').toLowerCase() === input.toLowerCase())
      return evaluate(result, variables, request, depth)
    else if (name.startsWith('~') && fromPattern === undefined && fits(name, input)) fromPattern = result
  }
  return evaluate(fromPattern ?? otherwise, variables, request, depth)
}

function fits(pattern: string, input: string): boolean {
  const source = pattern.replace(/^~\*?/, '')
  try {
    const flags = pattern.startsWith('~*') ? 'i' : ''
    return testForeign(new RegExp(source.replace(/\(\?P</g, '(?<'), flags), input)
  } catch {
    return false
  }
}

/** What the condition of an `if` is for a request. */
export function conditionHolds({ args }: Directive, variables: Variables, request: Request): Truth {
  const words = [...args]
  words[0] = words[0]?.replace(/^\(/, '') ?? ''
  words.push(words.pop()?.replace(/\)$/, '') ?? '')
  const [subject = '', operator = '', ...others] = words[0] === '' ? words.slice(1) : words
  const wanted = others.join(' ').trim()
  // Tests of files, and what is not a condition.
  if (!subject.startsWith('$')) return undefined
  const value = evaluate(subject, variables, request)
  if (value === undefined) return undefined
  if (operator === '') return value !== '' && value !== '0'
  if (!/^!?(?:=|~\*?)$/.test(operator)) return undefined
  const positive = operator.replace(/^!/, '')
  if (positive !== '=' && !isExpression(wanted)) return undefined
  const other = positive === '=' ? evaluate(wanted, variables, request) : ''
  if (other === undefined) return undefined
  const holds = positive === '=' ? value === other : fits(positive + wanted, value)
  return operator.startsWith('!') ? !holds : holds
}

/** Whether requests of this kind come to a block, as far as the ifs around it tell. */
export function reached(scope: Scope, variables: Variables, request: Request): Truth {
  const { directive, parent } = scope
  const around = parent ? reached(parent, variables, request) : true
  return directive?.name === 'if' ? all([around, conditionHolds(directive, variables, request)]) : around
}

function isExpression(source: string): boolean {
  try {
    return Boolean(new RegExp(source.replace(/\(\?P</g, '(?<')))
  } catch {
    return false
  }
}

/** A variable in this value that neither nginx nor the configuration defines, as far as its name tells. */
export function undefinedVariable(value: string, variables: Variables): string | undefined {
  for (const [, braced, plain] of value.matchAll(/\$(?:\{(\w+)\}|(\w+))/g)) {
    const name = (braced ?? plain ?? '').toLowerCase()
    const own = /^(?:http|sent_http|upstream|arg|cookie)_/.test(name) || !name.includes('upgrade')
    if (!own && !variables.maps.has(name) && !variables.others.has(name)) return `$${name}`
  }
  return undefined
}
