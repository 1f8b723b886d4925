/** Reads YAML and JSON into trees: several documents, anchors and merge keys, and never more than a file is worth. */
import {
  Composer,
  type CST,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  Parser,
  type YAMLError,
} from 'yaml'
import { ConfigError, type ConfigFile, maxDepth, type Report } from './context.ts'
import { maxNodes, type Tree } from './tree.ts'

/** The documents of a file. What YAML forbids becomes a problem; the documents before it are returned all the same. */
export function readYaml(file: ConfigFile, report: Report): Tree[] {
  const lines = new LineCounter()
  const lineOf = (offset: number) => Math.max(1, lines.linePos(offset).line)
  const tokens = parsed(file.text, lines)
  const deep = tokens ? tooDeep(tokens) : 0
  if (!tokens || deep !== undefined) {
    report.problem({ file: file.path, line: lineOf(deep ?? 0) }, `nested deeper than ${maxDepth} levels`)
    return []
  }
  // Kubernetes and Envoy files use tags of their own kind rarely; unknown ones must not stop the reading.
  const composer = new Composer({
    prettyErrors: false,
    uniqueKeys: false,
    schema: 'core',
    logLevel: 'silent',
  })
  const trees: Tree[] = []
  for (const document of composer.compose(tokens, false, file.text.length)) {
    const error = document.errors[0]
    if (error) {
      report.problem({ file: file.path, line: lineOf(error.pos[0]) }, `not readable as YAML: ${words(error)}`)
      break
    }
    const builder = new TreeBuilder(file, lineOf)
    const tree = report.guard(() => builder.build(document.contents, builder.lineOf(document.contents)))
    if (tree) trees.push(tree)
  }
  return trees
}

function words(error: YAMLError): string {
  const first = error.message.split('\n', 1)[0]!.split(/ at line \d/, 1)[0]!
  return first.slice(0, 160)
}

/** Undefined when the parser, which recurses to close what is open, ran out of stack. */
function parsed(text: string, lines: LineCounter): CST.Token[] | undefined {
  try {
    return [...new Parser(lines.addNewLine).parse(text)]
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * The offset of the first token that is nested too deeply. The parser keeps a stack of its own, but the composer
 * after it recurses, and an overflow of the stack there can abort the whole process instead of throwing.
 */
function tooDeep(tokens: CST.Token[]): number | undefined {
  const open: [token: CST.Token, depth: number][] = tokens.map((token) => [token, 1])
  for (let next = open.pop(); next; next = open.pop()) {
    const [token, depth] = next
    if (depth > maxDepth) return token.offset
    if (token.type === 'document') {
      if (token.value) open.push([token.value, depth])
    } else if ('items' in token) {
      for (const { key, value } of token.items) {
        if (key) open.push([key, depth + 1])
        if (value) open.push([value, depth + 1])
      }
    }
  }
  return undefined
}

/** Makes a tree of a document's nodes, and counts them: aliases in aliases grow without end. */
class TreeBuilder {
  readonly #file: ConfigFile
  readonly #lineAt: (offset: number) => number
  readonly #anchors = new Map<string, Node>()
  readonly #open = new Set<Node>()
  #nodes = 0

  constructor(file: ConfigFile, lineAt: (offset: number) => number) {
    this.#file = file
    this.#lineAt = lineAt
  }

  lineOf(node: Node | null): number {
    return this.#lineAt(node?.range?.[0] ?? 0)
  }

  build(node: Node | null, line: number): Tree {
    const place = { file: this.#file.path, line }
    if (++this.#nodes > maxNodes) throw new ConfigError(place, `more than ${maxNodes} values`)
    if (node && 'anchor' in node && node.anchor) this.#anchors.set(node.anchor, node)
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source)
      if (!target)
        throw new ConfigError(
          place,
          `*${node.source} is an alias of nothing; put it in quotes if it is a name`,
        )
      if (this.#open.has(target)) throw new ConfigError(place, `*${node.source} contains itself`)
      return this.build(target, line)
    }
    if (isMap(node) || isSeq(node)) {
      this.#open.add(node)
      const tree: Tree = { place }
      if (isSeq(node)) {
        tree.items = node.items.map((item) =>
          this.build(item as Node | null, this.lineOf(item as Node | null)),
        )
      } else {
        tree.entries = node.items.flatMap((pair) =>
          this.#entry(pair.key as Node | null, pair.value as Node | null),
        )
      }
      this.#open.delete(node)
      return tree
    }
    return { place, scalar: isScalar(node) ? scalar(node.value) : null }
  }

  #entry(key: Node | null, value: Node | null): [string, Tree][] {
    const line = this.lineOf(key)
    if (key && !isScalar(key)) throw new ConfigError({ file: this.#file.path, line }, 'a key that is no text')
    const tree = this.build(value, line)
    const name = key ? String(key.value) : ''
    // A merge key takes in the entries of another mapping, or of a list of them.
    if (name === '<<') return tree.entries ?? (tree.items ?? []).flatMap((item) => item.entries ?? [])
    return [[name, tree]]
  }
}

function scalar(value: unknown): Tree['scalar'] {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return value === null || value === undefined ? null : String(value)
}
