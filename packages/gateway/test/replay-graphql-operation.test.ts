import fc from 'fast-check'
import { type DefinitionNode, getOperationAST, Kind, type OperationDefinitionNode, parse } from 'graphql'
import { expect, test } from 'vitest'
import { operationType } from '../src/hold/replay/graphql-operation.ts'

test.each([
  ['{ me { name } }', 'query'],
  ['query { me }', 'query'],
  ['mutation { pay }', 'mutation'],
  ['subscription OnPaid($id: ID! = "a") @live { paid(id: $id) { sum } }', 'subscription'],
  ['# mutation { pay }\n, \uFEFF query { me }', 'query'],
  ['query Q($in: In = { a: { b: [1, 2] } }) @d(x: {y: "}"}) { me }', 'query'],
  ['query { a(s: "} mutation { pay }") }', 'query'],
  ['query { a(s: """ } mutation { pay } \\""" " "" """) }', 'query'],
  ['query { a(s: """ \\""" } mutation { pay } """) }', 'query'],
  ['fragment F on T @d(a: {}) { x } subscription { paid { ...F } }', 'subscription'],
  ['subscription query { paid }', 'subscription'],
  ['"what it is for" mutation Pay { pay }', 'mutation'],
  ['{ mutation }', 'query'],
])('the only operation of a document is found: %s', (document, type) => {
  expect(operationType(document)).toBe(type)
})

test('of several operations the named one is meant, and none without a name', () => {
  const document = 'query Ask { me } mutation Pay { pay } subscription Paid { paid }'
  expect(operationType(document, 'Ask')).toBe('query')
  expect(operationType(document, 'Pay')).toBe('mutation')
  expect(operationType(document, 'Paid')).toBe('subscription')
  for (const name of [undefined, null, '', 'Other']) expect(operationType(document, name)).toBeUndefined()
  expect(operationType('query A { a } mutation A { b }', 'A')).toBeUndefined()
})

test.each([
  '',
  'type T { a: Int }',
  'query { a',
  'query { a ) }',
  'query (',
  'query { a } }',
  'query { a(s: "',
  '{ a(s: """ \\""" }',
  'extend schema @x',
])('of what is no operation nothing is said: %j', (document) => {
  expect(operationType(document)).toBeUndefined()
})

const pieces = fc.constantFrom(
  ...[
    'query',
    'mutation',
    'subscription',
    'fragment',
    'on',
    'A',
    'B',
    'on T',
    '{',
    '}',
    '{ a }',
    '{ a { b } }',
    '(',
    ')',
  ],
  ...[
    '($x: [Int!] = {a: 1})',
    '(x: "}")',
    '@d',
    '@d(a: [{b: """ "} \\""" """}])',
    '"text"',
    '"""block"""',
    '...A',
    '$x',
  ],
  ...[
    '# } comment\n',
    ',',
    '\n',
    '\uFEFF',
    '1.5e3',
    '"\\""',
    '"\\\\"',
    '[',
    ']',
    ':',
    '!',
    '=',
    '&',
    '|',
    '...',
    '-0',
  ],
)

/** What the reference implementation says; undefined where it would refuse the document. */
function reference(document: string, name?: string): string | undefined {
  try {
    const ast = parse(document)
    const names = ast.definitions.filter(isOperation).map((operation) => operation.name?.value)
    if (new Set(names).size < names.length) return undefined
    return getOperationAST(ast, name)?.operation ?? 'none'
  } catch {
    return undefined
  }
}

function isOperation(node: DefinitionNode): node is OperationDefinitionNode {
  return node.kind === Kind.OPERATION_DEFINITION
}

test('wherever graphql-js finds an operation, the same type is found', () => {
  const definition = fc.tuple(
    fc.constantFrom('query', 'mutation', 'subscription', 'fragment F on T', ''),
    fc.array(fc.constantFrom('A', 'B', '@d(x: {y: 1})', '#}\n', '($x: Int = 1)', ',', '"""d"""'), {
      maxLength: 3,
    }),
    fc.constantFrom('{ a }', '{ a(s: "}") { b } }', '{ a(o: {b: [""" } """]}) }', '{}', ''),
  )
  const documents = fc.oneof(
    fc.array(definition, { maxLength: 3 }).map((parts) => parts.flat(2).join(' ')),
    fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join(' ')),
  )
  let compared = 0
  fc.assert(
    fc.property(documents, fc.constantFrom(undefined, 'A', 'B'), (document, name) => {
      const said = reference(document, name)
      if (said === undefined) return
      compared += 1
      expect(operationType(document, name) ?? 'none').toBe(said)
    }),
    { numRuns: 3000 },
  )
  expect(compared).toBeGreaterThan(100)
})

test('no text makes the reader throw or take long', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void operationType(text)))
  for (const piece of ['"', '"""', '\\"""', '#', '{', ' ,', '(', '"\\']) {
    const before = process.cpuUsage()
    operationType(piece.repeat(200_000))
    operationType(`{ a(s: """${piece.repeat(200_000)}`)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(5000)
  }
})
