/** The rules of Traefik's routers: functions joined by && and ||, negated by !, judged for one request. */
import { all, any, headerOf, not, type Request, type Truth } from './truth.ts'
import { matchesPattern } from './websocket.ts'

/** A function of a rule with its arguments, such as PathPrefix(`/ws`); whether it stands under a `!`. */
export interface Call {
  name: string
  args: readonly string[]
  negated: boolean
}

type Node = { call: Call } | { op: 'all' | 'any' | 'not'; parts: Node[] }

/** Every function of a rule. */
export function callsOf(rule: string): Call[] {
  return listed(parse(rule), false)
}

/** The functions of a rule that a request must fit, or may. */
export function wanted(rule: string): Call[] {
  return callsOf(rule).filter(({ negated }) => !negated)
}

function listed(node: Node, negated: boolean): Call[] {
  if ('call' in node) return [{ ...node.call, negated }]
  return node.parts.flatMap((part) => listed(part, node.op === 'not' ? !negated : negated))
}

/** Whether a rule holds for a request, as far as it looks at headers. */
export function ruleHolds(rule: string, request: Request): Truth {
  return nodeHolds(parse(rule), request)
}

function nodeHolds(node: Node, request: Request): Truth {
  if ('call' in node) return callHolds(node.call, request)
  const truths = node.parts.map((part) => nodeHolds(part, request))
  if (node.op === 'not') return not(truths[0])
  return node.op === 'all' ? all(truths) : any(truths)
}

function callHolds({ name, args: [header = '', ...values] }: Call, request: Request): Truth {
  if (name === 'method') return [header, ...values].includes('GET')
  const value = /^headers?(?:regexp)?$/.test(name) ? headerOf(request, header) : undefined
  if (value === undefined) return undefined
  return values.some((one) =>
    name.endsWith('regexp') ? value !== '' && matchesPattern(one)(value, false) : value === one,
  )
}

const token = /\s+|&&|\|\||[!()]|(\w+)\(((?:[^()`"]|`[^`]*`|"[^"]*")*)\)/y

/** A rule as a tree; what cannot be read makes a list of the functions in it, of which nothing is known. */
function parse(rule: string): Node {
  const next = new RegExp(token)
  const tokens: (string | Call)[] = []
  while (next.lastIndex < rule.length && tokens.length < 500) {
    const from = next.lastIndex
    const found = next.exec(rule)
    if (!found) {
      next.lastIndex = from + 1
      tokens.push('?')
    } else if (found[1] !== undefined) tokens.push(callOf(found[1], found[2] ?? ''))
    else if (found[0].trim() !== '') tokens.push(found[0])
  }
  let at = 0
  let depth = 0
  const either = (): Node => {
    const parts = [both()]
    while (tokens[at] === '||') {
      at++
      parts.push(both())
    }
    return parts.length === 1 && parts[0] ? parts[0] : { op: 'any', parts }
  }
  const both = (): Node => {
    const parts = [one()]
    while (tokens[at] === '&&') {
      at++
      parts.push(one())
    }
    return parts.length === 1 && parts[0] ? parts[0] : { op: 'all', parts }
  }
  const one = (): Node => {
    const here = tokens[at++]
    if (++depth > 100 || here === undefined) return unknown
    if (typeof here !== 'string') return { call: here }
    if (here === '!') return { op: 'not', parts: [one()] }
    if (here !== '(') return unknown
    const inner = either()
    if (tokens[at] === ')') at++
    return inner
  }
  const tree = either()
  if (at >= tokens.length) return tree
  const calls = tokens.flatMap((part) => (typeof part === 'string' ? [] : [{ call: part }]))
  return { op: 'any', parts: [unknown, ...calls] }
}

const unknown: Node = { call: { name: '', args: [], negated: false } }

function callOf(name: string, list: string): Call {
  const args = [...list.matchAll(/`([^`]*)`|"([^"]*)"/g)].map(([, one, other]) => one ?? other ?? '')
  return { name: name.toLowerCase(), args, negated: false }
}
