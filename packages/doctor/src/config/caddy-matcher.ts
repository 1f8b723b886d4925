/** The matchers of Caddy, from a Caddyfile or from JSON, judged for one request. */

import type { Place, Report } from './context.ts'
import type { Directive } from './directive.ts'
import { glob } from './glob.ts'
import { at, entriesAt, listAt, type Tree, textAt } from './tree.ts'
import { all, any, headerOf, not, type Request, type Truth } from './truth.ts'
import { matchesPattern, missesHandshakes } from './websocket.ts'

/** What a set of matchers says: all parts must hold. A part that is about something else has no kind. */
export type Matcher = readonly MatcherPart[]

interface Text {
  text: string
  place: Place
}

type MatcherPart =
  | { kind: 'header'; field: string; values: readonly Text[] }
  | { kind: 'absent'; field: string }
  | { kind: 'regexp'; field: string; pattern: Text }
  | { kind: 'method'; methods: readonly string[] }
  | { kind: 'not'; sets: readonly Matcher[] }
  | { kind?: undefined }

/** The parts of a named matcher in a Caddyfile. */
export function matcherFromLines(lines: readonly Directive[]): Matcher {
  const fields = new Map<string, Text[]>()
  const parts = lines.flatMap(({ name, args, place, block }): MatcherPart[] => {
    const [field = '', value] = args
    const texts = args.map((text) => ({ text, place }))
    if (name === 'not') {
      const [inner = '', ...rest] = args
      return [{ kind: 'not', sets: [matcherFromLines(block ?? [{ name: inner, args: rest, place }])] }]
    }
    if (name === 'method') return [{ kind: 'method', methods: args }]
    if (name === 'header_regexp') {
      const [key = '', pattern] = args.length > 2 ? args.slice(1) : args
      return pattern === undefined
        ? [{}]
        : [{ kind: 'regexp', field: key, pattern: { text: pattern, place } }]
    }
    if (name !== 'header' || field === '') return [{}]
    if (field.startsWith('!')) return [{ kind: 'absent', field: field.slice(1) }]
    // Of one field any value may fit.
    const key = field.toLowerCase()
    fields.set(key, [
      ...(fields.get(key) ?? []),
      ...(value === undefined ? [{ text: '*', place }] : texts.slice(1, 2)),
    ])
    return []
  })
  const headers = [...fields].map(([field, values]) => ({ kind: 'header', field, values }) as const)
  return [...parts, ...headers]
}

/** The parts of a matcher in JSON. */
export function matcherFromTree(tree: Tree): Matcher {
  return (tree.entries ?? []).flatMap(([name, value]): MatcherPart[] => {
    if (name === 'not') return [{ kind: 'not', sets: (value.items ?? []).map(matcherFromTree) }]
    if (name === 'method')
      return [{ kind: 'method', methods: listAt(tree, 'method').map(({ scalar }) => String(scalar)) }]
    if (name === 'header') {
      return (value.entries ?? []).map(([field, values]) => {
        const texts = (values.items ?? []).map(({ scalar, place }) => ({ text: String(scalar), place }))
        return texts.length > 0 ? { kind: 'header', field, values: texts } : { kind: 'absent', field }
      })
    }
    if (name === 'header_regexp') {
      return entriesAt(value).map(([field, one]) => {
        const place = at(one, 'pattern')?.place ?? one.place
        return { kind: 'regexp', field, pattern: { text: textAt(one, 'pattern') ?? '', place } }
      })
    }
    return [{}]
  })
}

/** Whether a set of matchers fits a request. */
export function matcherHolds(matcher: Matcher, request: Request): Truth {
  return all(matcher.map((part) => partHolds(part, request)))
}

function partHolds(part: MatcherPart, request: Request): Truth {
  if (part.kind === undefined) return undefined
  if (part.kind === 'method') return part.methods.map((name) => name.toUpperCase()).includes('GET')
  if (part.kind === 'not') return not(any(part.sets.map((set) => matcherHolds(set, request))))
  const value = headerOf(request, part.field)
  if (value === undefined) return undefined
  if (part.kind === 'absent') return value === ''
  if (part.kind === 'regexp') return matchesPattern(part.pattern.text)(value, false)
  return value !== '' && part.values.some(({ text }) => fitsPattern(text, value))
}

/** Reports the headers of a matcher that miss handshakes, those under a not as well. */
export function checkMatcher(matcher: Matcher, report: Report): void {
  for (const part of matcher) {
    if (part.kind === 'not') for (const set of part.sets) checkMatcher(set, report)
    if (part.kind === 'regexp' && missesHandshakes(part.field, matchesPattern(part.pattern.text))) {
      found(part.field, part.pattern, report)
    }
    if (part.kind !== 'header') continue
    const [first] = part.values
    const fits = (sent: string, ignoreCase: boolean) =>
      part.values.some(({ text }) => glob(text, { ignoreCase })(sent))
    if (first && missesHandshakes(part.field, fits)) found(part.field, first, report)
  }
}

function found(field: string, { text, place }: Text, report: Report): void {
  const fixed = field.toLowerCase() === 'upgrade' ? 'websocket' : '*Upgrade*'
  const header = field.replace(/^./, (first) => first.toUpperCase())
  report.found('caddy-matcher', { header, value: text, fixed }, place)
}

/** Stars stand for anything; a matcher for paths ignores case, one for headers does not. */
export function fitsPattern(pattern: string, value: string): boolean {
  return glob(pattern)(value)
}
