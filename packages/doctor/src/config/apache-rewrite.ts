/** The rewrite rules of Apache, and which requests each of them takes. */
import { judge, matches, withValues } from './apache-expr.ts'
import { inside, opened, type Placed, type Server, settingOf } from './apache-routes.ts'
import type { Place } from './context.ts'
import type { Directive } from './directive.ts'
import { all, any, not, type Request, type Truth } from './truth.ts'

/** A RewriteRule with the conditions before it. */
export interface Rule {
  conditions: readonly Directive[]
  pattern: string
  target: string
  flags: readonly string[]
  /** Whether RewriteEngine is on where the rule stands. */
  on: boolean
  place: Place
  /** Whether its conditions hold for a request, those of rules that lead to it by [C] or around it by [S] too. */
  holds(request: Request): Truth
}

/** The rewrite rules of a server, those in its sections too. */
export function rulesOf(server: Server): Rule[] {
  // A section says it for itself; a virtual host takes what it does not say from the main server.
  const on = (list: readonly Directive[]) => {
    const own = list.findLast(({ name }) => name === 'rewriteengine') ?? settingOf(server, 'rewriteengine')
    return own?.args[0]?.toLowerCase() === 'on'
  }
  const visit = (list: readonly Directive[], around: Placed['holds']): Rule[] => {
    const rules = new RuleList(on(list), around)
    const before: Placed['holds'][] = []
    const inner = list.flatMap((one): Rule[] => {
      rules.add(one)
      if (!one.block || !/^(?:location|directory|if|else)/.test(one.name)) return []
      const condition = inside(one, around, before)
      // A section of paths does not take every request.
      const here = /^(?:location|directory)/.test(one.name) ? somePaths(condition) : condition
      return visit(opened(one.block), here)
    })
    return [...rules.rules, ...inner]
  }
  return visit(server.directives, () => true)
}

function somePaths(holds: Placed['holds']): Placed['holds'] {
  return (request) => all([holds(request), undefined])
}

class RuleList {
  readonly rules: Rule[] = []
  readonly #on: boolean
  readonly #around: Placed['holds']
  #conditions: Directive[] = []
  /** A rule with the flag C: the next one runs only after it. */
  #chain: Rule | undefined
  /** Rules with the flag S=n, and the number of rules that each still leaves out. */
  #skips: { rule: Rule; left: number }[] = []

  constructor(on: boolean, around: Placed['holds']) {
    this.#on = on
    this.#around = around
  }

  add({ name, args, place }: Directive): void {
    if (name === 'rewritecond') this.#conditions.push({ name, args, place })
    if (name !== 'rewriterule') return
    const [pattern = '', target = '', flags = ''] = args
    const conditions = this.#conditions
    const chain = this.#chain
    const skips = this.#skips.map(({ rule }) => rule)
    const rule: Rule = {
      conditions,
      pattern,
      target,
      flags: flagsOf(flags),
      on: this.#on,
      place,
      holds: (request) =>
        all([
          this.#around(request),
          chain ? takes(chain, request) : true,
          ...skips.map((skip) => not(takes(skip, request))),
          conditionsHold(conditions, request),
        ]),
    }
    this.rules.push(rule)
    this.#conditions = []
    this.#chain = hasFlag(rule, 'C', 'CHAIN') ? rule : undefined
    this.#skips = this.#skips.flatMap(({ rule: skip, left }) =>
      left > 1 ? [{ rule: skip, left: left - 1 }] : [],
    )
    const skipped = Number(rule.flags.map((flag) => /^(?:S|SKIP)=(\d+)$/.exec(flag)?.[1]).find(Boolean) ?? 0)
    if (skipped > 0 && this.#skips.length < 20) this.#skips.push({ rule, left: skipped })
  }
}

function flagsOf(text: string): string[] {
  return text
    .replace(/^\[|\]$/g, '')
    .split(',')
    .map((flag) => flag.trim().toUpperCase())
}

/** Does a rule have one of these flags? */
export function hasFlag({ flags }: Rule, ...names: string[]): boolean {
  return flags.some((flag) => names.includes(flag.split('=', 1)[0]!))
}

/** Does a rule take this request, whatever its path? Undefined when the path decides. */
export function takes(rule: Rule, request: Request): Truth {
  const everyPath = /^(?:\^?\/?|\^?(?:\/\??)?\(?\.[*+?]?\)?\$?)$/.test(rule.pattern)
  return all([rule.holds(request), everyPath ? true : undefined])
}

/** Does it end the rewriting, so that no later rule sees the request? */
export function isLast(rule: Rule): boolean {
  return hasFlag(rule, 'L', 'LAST', 'END', 'P', 'PROXY', 'F', 'FORBIDDEN', 'G', 'GONE')
}

/** Conditions are joined by and; those with [OR] form a group with the next. */
function conditionsHold(conditions: readonly Directive[], request: Request): Truth {
  return all(groupsOf(conditions).map((group) => any(group.map((one) => conditionHolds(one, request)))))
}

/** The groups of conditions of which one is enough. */
export function groupsOf(conditions: readonly Directive[]): Directive[][] {
  const groups: Directive[][] = [[]]
  for (const condition of conditions) {
    groups.at(-1)?.push(condition)
    if (!/\b(?:OR|ornext)\b/i.test(condition.args[2] ?? '')) groups.push([])
  }
  return groups.filter((group) => group.length > 0)
}

/** What one RewriteCond is for a request. */
export function conditionHolds({ args }: Directive, request: Request): Truth {
  const [subject = '', pattern = '', flags = ''] = args
  if (subject.toLowerCase() === 'expr') {
    return pattern.startsWith('!') ? not(judge(pattern.slice(1), request)) : judge(pattern, request)
  }
  const value = withValues(subject, request)
  if (value === undefined) return undefined
  const truth = compares(pattern.replace(/^!/, ''), value, isCaseless(flags))
  return pattern.startsWith('!') ? not(truth) : truth
}

/** Whether the flags of a condition say that capitals do not count. */
export function isCaseless(flags: string): boolean {
  return /\b(?:NC|nocase)\b/i.test(flags)
}

/** What a pattern of RewriteCond, without its `!`, is for a value. */
export function compares(pattern: string, value: string, ignoreCase: boolean): Truth {
  if (pattern.startsWith('=')) {
    const wanted = pattern.slice(1) === '""' ? '' : pattern.slice(1)
    return ignoreCase ? value.toLowerCase() === wanted.toLowerCase() : value === wanted
  }
  // Comparisons of size, and tests of files.
  if (/^(?:[<>]|-\w)/.test(pattern)) return undefined
  return matches(pattern, value, ignoreCase ? 'i' : '')
}
