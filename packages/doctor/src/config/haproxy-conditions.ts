/** The conditions of HAProxy: named and anonymous ACLs behind `if` and `unless`, judged for one request. */
import { testForeign } from './foreign-expression.ts'
import type { Line, Section } from './haproxy-syntax.ts'
import { all, any, headerOf, not, type Request, type Truth } from './truth.ts'
import { missesHandshakes } from './websocket.ts'

/** The tests of each ACL of a section; lines with one name are joined by or. */
export type Acls = ReadonlyMap<string, readonly (readonly string[])[]>

/** The ACLs that a section declares. */
export function aclsOf(section: Section): Acls {
  const acls = new Map<string, string[][]>()
  for (const { words } of section.lines) {
    const [first, name = '', ...test] = words
    if (first === 'acl') acls.set(name, [...(acls.get(name) ?? []), test])
  }
  return acls
}

/** One part of a condition: the name of an ACL or an anonymous test, plain or negated. */
export interface Term {
  name?: string
  test?: readonly string[]
  negated: boolean
}

/** A condition: groups joined by or, of terms joined by and. */
export interface Condition {
  unless: boolean
  groups: readonly (readonly Term[])[]
}

/** The condition at the end of a line; undefined when it has none. */
export function conditionOf(words: readonly string[]): Condition | undefined {
  const start = words.findIndex((word, index) => index > 0 && (word === 'if' || word === 'unless'))
  if (start < 0) return undefined
  const groups: Term[][] = [[]]
  let negated = false
  for (let index = start + 1; index < words.length; index++) {
    let word = words[index] ?? ''
    if (word === 'or' || word === '||') {
      groups.push([])
      continue
    }
    while (word.startsWith('!')) {
      negated = !negated
      word = word.slice(1)
    }
    if (word === '') continue
    if (word === '{') {
      const end = words.indexOf('}', index)
      const test = words.slice(index + 1, end < 0 ? undefined : end)
      groups.at(-1)?.push({ test, negated })
      index = end < 0 ? words.length : end
    } else {
      groups.at(-1)?.push({ name: word, negated })
    }
    negated = false
  }
  return { unless: words[start] === 'unless', groups }
}

/** Whether a condition holds for a request. */
export function holds({ unless, groups }: Condition, acls: Acls, request: Request): Truth {
  const truth = any(
    groups.map((group) =>
      all(
        group.map(({ name, test, negated }) => {
          const tests = test ? [test] : acls.get(name ?? '')
          const own = tests ? any(tests.map((one) => testHolds(one, request))) : predefined(name ?? '')
          return negated ? not(own) : own
        }),
      ),
    ),
  )
  return unless ? not(truth) : truth
}

/** ACLs that HAProxy brings along. */
function predefined(name: string): Truth {
  if (/^(?:TRUE|HTTP|METH_GET|HTTP_1\.1)$/.test(name)) return true
  if (/^(?:FALSE|METH_(?:CONNECT|HEAD|OPTIONS|POST|TRACE)|HTTP_1\.0|HTTP_CONTENT)$/.test(name)) return false
  return undefined
}

interface Test {
  header: string
  method: string
  /** Whether the field is taken whole, or each part between commas. */
  whole: boolean
  ignoreCase: boolean
  lower: boolean
  patterns: readonly string[]
}

/** A test of a request header; undefined for other tests, and for patterns in files. */
function readTest(words: readonly string[]): Test | undefined {
  const [, full, suffix = '', header = '', converters = ''] =
    /^(?:req\.)?(f?)hdr(_\w+)?\(([\w-]+)(?:,-?\d+)?\)((?:,\w+)*)$/i.exec(words[0] ?? '') ?? []
  if (header === '' || !/^(?:,lower|,upper)?$/.test(converters)) return undefined
  const methods: Record<string, string> = {
    '': 'str',
    _beg: 'beg',
    _end: 'end',
    _sub: 'sub',
    _dom: 'sub',
    _dir: 'sub',
    _reg: 'reg',
    _cnt: 'count',
    _len: 'unknown',
  }
  let method = methods[suffix] ?? 'unknown'
  let ignoreCase = false
  const patterns: string[] = []
  for (let index = 1; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '-i') ignoreCase = true
    else if (word === '-m') method = words[++index] ?? ''
    else if (word === '-f' || word === '-M') return undefined
    else if (word === '--') {
      patterns.push(...words.slice(index + 1))
      break
    } else if (word !== '-n') patterns.push(word)
  }
  const lower = converters === ',lower'
  if (converters === ',upper') return undefined
  return { header, method, whole: full !== '', ignoreCase, lower, patterns: patterns.slice(0, 50) }
}

/** What one test is for a request. */
function testHolds(words: readonly string[], request: Request): Truth {
  if (/^always_(?:true|false)$/.test(words[0] ?? '')) return words[0] === 'always_true'
  if (words[0] === 'method') return words.slice(1).includes('GET')
  const test = readTest(words)
  const value = test && headerOf(request, test.header)
  return test && value !== undefined ? fits(test, value, test.ignoreCase) : undefined
}

function fits(test: Test, value: string, ignoreCase: boolean): Truth {
  const { method, patterns, whole, lower } = test
  if (method === 'found') return value !== ''
  if (method === 'count') return counted(patterns, value === '' ? 0 : 1)
  const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text)
  const parts = (whole ? [value] : value.split(',').map((part) => part.trim())).filter((part) => part !== '')
  return any(
    parts.flatMap((part) =>
      patterns.map((pattern) =>
        compare(method, fold(lower ? part.toLowerCase() : part), fold(pattern), ignoreCase),
      ),
    ),
  )
}

function compare(method: string, value: string, pattern: string, ignoreCase: boolean): Truth {
  switch (method) {
    case 'str':
      return value === pattern
    case 'beg':
      return value.startsWith(pattern)
    case 'end':
      return value.endsWith(pattern)
    case 'sub':
    case 'dom':
    case 'dir':
      return value.includes(pattern)
    case 'reg':
      try {
        return testForeign(new RegExp(pattern, ignoreCase ? 'i' : ''), value)
      } catch {
        return undefined
      }
    default:
      return undefined
  }
}

function counted([operator = '', amount]: readonly string[], count: number): Truth {
  const [compared, wanted] = amount === undefined ? ['eq', Number(operator)] : [operator, Number(amount)]
  if (Number.isNaN(wanted)) return undefined
  if (compared === 'gt') return count > wanted
  if (compared === 'ge') return count >= wanted
  if (compared === 'lt') return count < wanted
  return compared === 'eq' ? count === wanted : undefined
}

/** The header and the pattern of a test that is for WebSockets and misses some browser's handshake. */
export function misfit(words: readonly string[]): { header: string; pattern: string } | undefined {
  const test = readTest(words)
  if (!test || !['upgrade', 'connection'].includes(test.header.toLowerCase())) return undefined
  const misses = missesHandshakes(
    test.header,
    (value, ignoreCase) => fits(test, value, ignoreCase || test.ignoreCase) !== false,
  )
  return misses ? { header: test.header, pattern: test.patterns[0] ?? '' } : undefined
}

/** The tests in a line: that of an ACL, or those in braces. */
export function testsIn({ words }: Line): (readonly string[])[] {
  if (words[0] === 'acl') return [words.slice(2)]
  return (conditionOf(words)?.groups ?? []).flat().flatMap(({ test }) => (test ? [test] : []))
}
