/** Judges the expressions of Apache's <If>, of `RewriteCond expr` and of `expr=`, for one request. */
import { testForeign } from './foreign-expression.ts'
import { glob } from './glob.ts'
import { all, any, headerOf, not, type Request, type Truth } from './truth.ts'

/** What an expression is for a request; undefined where it is not understood, or depends on what is not known. */
export function judge(expression: string, request: Request): Truth {
  const tokens = tokensOf(expression)
  if (!tokens) return undefined
  const parser = new Judge(tokens, request)
  const truth = parser.either()
  return parser.done ? truth : undefined
}

const token =
  /\s+|\|\||&&|=~|!~|==|!=|<=|>=|[()!<>={},]|-[A-Za-z]+|m(?:#[^#]*#|\|[^|]*\|)[a-z]*|\/(?:[^/\\]|\\.)*\/[a-z]*|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|%\{[^}]*\}|[\w.:-]+/y

function tokensOf(expression: string): string[] | undefined {
  const found: string[] = []
  const next = new RegExp(token)
  while (next.lastIndex < expression.length) {
    const text = next.exec(expression)?.[0]
    if (text === undefined || found.length > 200) return undefined
    if (text.trim() !== '') found.push(text)
  }
  return found
}

/** A recursive descent; a word whose value is not known is undefined. */
class Judge {
  readonly #tokens: readonly string[]
  readonly #request: Request
  #at = 0
  #depth = 0

  constructor(tokens: readonly string[], request: Request) {
    this.#tokens = tokens
    this.#request = request
  }

  get done(): boolean {
    return this.#at === this.#tokens.length && this.#depth < 50
  }

  #take(...wanted: string[]): string | undefined {
    const text = this.#tokens[this.#at]
    if (text === undefined || !wanted.includes(text)) return undefined
    this.#at++
    return text
  }

  either(): Truth {
    const parts = [this.#both()]
    while (this.#take('||')) parts.push(this.#both())
    return any(parts)
  }

  #both(): Truth {
    const parts = [this.#one()]
    while (this.#take('&&')) parts.push(this.#one())
    return all(parts)
  }

  #one(): Truth {
    if (++this.#depth > 50) return undefined
    if (this.#take('!')) return not(this.#one())
    if (this.#take('(')) {
      const inner = this.either()
      return this.#take(')') ? inner : this.#fail()
    }
    if (this.#take('true')) return true
    if (this.#take('false')) return false
    const unary = this.#take('-n', '-z', '-T')
    if (unary) {
      const value = this.#word()
      if (value === undefined) return undefined
      return unary === '-z' ? value === '' : value !== ''
    }
    return this.#comparison()
  }

  #comparison(): Truth {
    const left = this.#word()
    const operator = this.#tokens[this.#at++] ?? ''
    if (operator === '=~' || operator === '!~') {
      const [, source, flags] = /^(?:m?[/#|])(.*)[/#|]([a-z]*)$/s.exec(this.#tokens[this.#at++] ?? '') ?? []
      if (source === undefined) return this.#fail()
      return left === undefined ? undefined : (matches(source, left, flags) === true) === (operator === '=~')
    }
    const right = this.#word()
    if (left === undefined || right === undefined) return undefined
    switch (operator) {
      case '=':
      case '==':
        return left === right
      case '!=':
        return left !== right
      case '-strmatch':
      case '-fnmatch':
        return glob(right, { sets: true })(left)
      case '-strcmatch':
        return glob(right, { sets: true, ignoreCase: true })(left)
      default:
        return undefined
    }
  }

  #word(): string | undefined {
    const text = this.#tokens[this.#at++] ?? ''
    if (/^['"]/.test(text)) return this.#filled(text.slice(1, -1).replace(/\\(.)/g, '$1'))
    if (text.startsWith('%{')) return this.#filled(text)
    if (this.#take('(')) {
      const value = this.#word()
      if (!this.#take(')')) this.#fail()
      if (/^(?:req|http|req_novary)$/i.test(text)) return value && headerOf(this.#request, value)
      if (/^(?:tolower|toupper)$/i.test(text))
        return /lower/i.test(text) ? value?.toLowerCase() : value?.toUpperCase()
      return undefined
    }
    return /^\d+$/.test(text) ? text : undefined
  }

  #filled(text: string): string | undefined {
    return withValues(text, this.#request)
  }

  #fail(): undefined {
    this.#at = Number.POSITIVE_INFINITY
    return undefined
  }
}

/** A text with the values of its variables; undefined when one of them is not known. */
export function withValues(text: string, request: Request): string | undefined {
  let known = true
  const filled = text.replace(
    /%\{(?:(HTTP|req):)?([^}%]*)\}/gi,
    (_, header: string | undefined, name: string) => {
      const method = !header && name === 'REQUEST_METHOD' ? 'GET' : undefined
      // No such variable: mod_rewrite knows some headers by names of this kind, and these are not among them.
      const absent = !header && /^HTTP_(?:UPGRADE|CONNECTION)$/i.test(name) ? '' : undefined
      const value = header ? headerOf(request, name) : (method ?? absent)
      if (value === undefined) known = false
      return value ?? ''
    },
  )
  return known ? filled : undefined
}

/** Does this value match an expression of Apache's? Undefined when it cannot be read. */
export function matches(source: string, value: string, flags = ''): Truth {
  const insensitive = source.startsWith('(?i)') || flags.includes('i')
  try {
    return testForeign(new RegExp(source.replace(/^\(\?i\)/, ''), insensitive ? 'i' : ''), value)
  } catch {
    return undefined
  }
}
