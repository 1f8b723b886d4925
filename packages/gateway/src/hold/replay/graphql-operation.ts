// The type of the operation in a GraphQL document, without a parser: replay-graphql.ts must know what is safe to run again.

export type OperationType = 'query' | 'mutation' | 'subscription'

/**
 * The type of the operation that a server will run: the one of that name or, without a name, the only one. Undefined
 * when that cannot be told. `https://spec.graphql.org/draft/#sec-Executing-Requests`, GetOperation.
 */
export function operationType(document: string, name?: string | null): OperationType | undefined {
  const operations = operationsIn(document)
  if (!operations) return undefined
  const meant = name == null ? operations : operations.filter((operation) => operation.name === name)
  return meant.length === 1 ? meant[0]!.type : undefined
}

interface Operation {
  type: OperationType
  name?: string
}

/** Every operation of the document; undefined when it is not a document of operations and fragments. */
function operationsIn(document: string): Operation[] | undefined {
  const operations: Operation[] = []
  const tokens = tokensOf(document)
  for (;;) {
    let token = tokens()
    // A description may stand before a definition.
    if (token === string) token = tokens()
    if (token === undefined) return operations
    if (token === '{') {
      operations.push({ type: 'query' })
      if (!skipTo('}', tokens)) return undefined
      continue
    }
    if (token === 'query' || token === 'mutation' || token === 'subscription') {
      const next = tokens()
      const named = next !== undefined && isName(next)
      operations.push(named ? { type: token, name: next } : { type: token })
      if (!skipSelection(named ? tokens() : next, tokens)) return undefined
    } else if (token === 'fragment') {
      if (!skipSelection(tokens(), tokens)) return undefined
    } else {
      return undefined
    }
  }
}

/** Skips variables and directives, then the braces after them. */
function skipSelection(first: string | undefined, tokens: Tokens): boolean {
  for (let token = first; token !== undefined; token = tokens()) {
    if (token === '{') return skipTo('}', tokens)
    if (token === '(') {
      if (!skipTo(')', tokens)) return false
    } else if (token === ')' || token === '}' || token === ']' || token === wrong) {
      return false
    }
  }
  return false
}

const closing: Record<string, string> = { '{': '}', '(': ')', '[': ']' }

/** Skips to the bracket that closes one that has been read, and over those inside. */
function skipTo(end: string, tokens: Tokens): boolean {
  const open = [end]
  for (let token = tokens(); token !== undefined; token = tokens()) {
    const opened = closing[token]
    if (opened) open.push(opened)
    else if (token === '}' || token === ')' || token === ']') {
      if (open.pop() !== token) return false
      if (open.length === 0) return true
    } else if (token === wrong) return false
  }
  return false
}

/** The next token: a name, a bracket, `string`, `wrong` or another character; undefined at the end. */
type Tokens = () => string | undefined

const string = '"'
/** A string without its end. */
const wrong = 'wrong token'

function isName(token: string): boolean {
  return /^[A-Za-z_]/.test(token) && token !== wrong
}

// White space, line ends, commas, the byte order mark and comments say nothing (spec, 2.1.8 "Ignored Tokens").
const ignored = /(?:[\s,\uFEFF]+|#[^\n\r]*)*/y
const word = /[A-Za-z_][A-Za-z0-9_]*/y

function tokensOf(document: string): Tokens {
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const found = pattern.exec(document)?.[0]
    if (found !== undefined) at += found.length
    return found
  }
  return () => {
    take(ignored)
    if (at >= document.length) return undefined
    if (document[at] !== '"') return take(word) ?? document[at++]
    const end = document.startsWith('"""', at) ? blockStringEnd(document, at) : stringEnd(document, at)
    at = end ?? document.length
    return end === undefined ? wrong : string
  }
}

/** Where the string at `at` is over; in it a backslash takes the next character with it, and a line cannot end. */
function stringEnd(document: string, at: number): number | undefined {
  for (let i = at + 1; i < document.length; i++) {
    const char = document[i]
    if (char === '"') return i + 1
    if (char === '\\') i += 1
    else if (char === '\n' || char === '\r') return undefined
  }
  return undefined
}

/** Where the block string at `at` is over; in it only `\"""` is an escape. */
function blockStringEnd(document: string, at: number): number | undefined {
  for (let from = at + 3; ; ) {
    const end = document.indexOf('"""', from)
    if (end < 0) return undefined
    from = end + 3
    if (document[end - 1] !== '\\') return from
  }
}
