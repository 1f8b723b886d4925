import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  Parser,
} from 'yaml'
import { type Path, pathText, printable, show } from './errors.ts'
import { type Place, syntaxFaults, type YamlFault } from './yaml-faults.ts'

export interface YamlReading {
  /** Plain data. Undefined when the faults leave nothing to look at. */
  value: unknown
  faults: YamlFault[]
  /** Where a key, or its value, stands; for a key that is missing, where its mapping begins. */
  placeOf(path: Path, part: 'key' | 'value'): Place
}

const mostDepth = 64

const mostValues = 100_000

/** Reads YAML 1.2 or JSON into plain data of which every part knows its place. Never throws. */
export function readYaml(text: string): YamlReading {
  const lines = new LineCounter()
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const nowhere = (faults: YamlFault[]): YamlReading => ({
    value: undefined,
    faults,
    placeOf: () => ({ line: 1, column: 1 }),
  })
  const tokens = parsed(text, lines)
  const deep = tokens ? tooDeep(tokens) : 0
  if (!tokens || deep !== undefined) {
    return nowhere([{ place: place(deep ?? 0), path: [], message: `nested deeper than ${mostDepth} levels` }])
  }
  // Duplicate keys are found below in linear time; the library compares each key with each other.
  const composer = new Composer({
    prettyErrors: false,
    uniqueKeys: false,
    schema: 'core',
    resolveKnownTags: false,
  })
  const [document, second] = [...composer.compose(tokens, true, text.length)] as Document.Parsed[]
  const errors = [...(document?.errors ?? []), ...(document?.warnings ?? [])]
  if (errors.length > 0) return nowhere(syntaxFaults(errors, text, place))
  if (!document || second) {
    const message = 'a second document begins here'
    return nowhere([{ place: place(second?.range[0] ?? 0), path: [], message, fix: 'remove the ---' }])
  }
  const walk = new Walk(place)
  const value = walk.read(document.contents, [])
  return {
    value: walk.whole ? value : undefined,
    faults: walk.faults,
    placeOf: (path, part) => place(walk.offsetOf(document.contents, path, part)),
  }
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
 * after it recurses, and a stack overflow there can abort the whole process and not only throw.
 */
function tooDeep(tokens: CST.Token[]): number | undefined {
  const open: [token: CST.Token, depth: number][] = tokens.map((token) => [token, 1])
  for (let next = open.pop(); next; next = open.pop()) {
    const [token, depth] = next
    if (depth > mostDepth) return token.offset
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

/** One walk over the document: makes plain data and finds duplicate keys and aliases that lead nowhere or too far. */
class Walk {
  readonly faults: YamlFault[] = []
  /** Whether the data is complete; not so once an alias could not be followed. */
  whole = true
  readonly #place: (offset: number) => Place
  readonly #anchors = new Map<string, Target>()
  readonly #targets = new Map<unknown, Target>()
  #values = 0

  constructor(place: (offset: number) => Place) {
    this.#place = place
  }

  read(node: unknown, path: Path): unknown {
    const target: Target = { node, value: undefined, values: 0, done: false }
    const before = this.#values++
    const anchor = (node as { anchor?: string } | null)?.anchor
    if (anchor) this.#anchors.set(anchor, target)
    if (isAlias(node)) target.value = this.#follow(node.source, node, path)
    else if (isMap(node)) target.value = this.#map(node.items, path)
    else if (isSeq(node)) target.value = node.items.map((item, index) => this.read(item, [...path, index]))
    else target.value = isScalar(node) ? node.value : null
    target.values = this.#values - before
    target.done = true
    if (this.whole && this.#values > mostValues) {
      this.#lost(node, path, `more than ${mostValues} values, with aliases written out`)
    }
    return target.value
  }

  #map(pairs: Pair[], path: Path): object {
    const map: Record<string, unknown> = {}
    const lines = new Map<string, number>()
    for (const { key, value } of pairs) {
      const name = keyName(key)
      if (name === undefined) {
        this.#fault(key, path, 'a key must be plain text')
        continue
      }
      const first = lines.get(name)
      if (first !== undefined) {
        this.#fault(
          key,
          [...path, name],
          `duplicate key ${show(name)}${within(path)}`,
          `first on line ${first}`,
        )
      } else lines.set(name, this.#place(startOf(key)).line)
      // An assignment to __proto__ would be lost.
      Object.defineProperty(map, name, {
        value: this.read(value, [...path, name]),
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
    return map
  }

  #follow(name: string, node: unknown, path: Path): unknown {
    const target = this.#anchors.get(name)
    if (!target) {
      const alias = `'*${printable(name)}'`
      return this.#lost(node, path, `no anchor for the alias ${alias}`, `quote it if it is a text: ${alias}`)
    }
    if (!target.done) return this.#lost(node, path, `the alias '*${printable(name)}' refers to itself`)
    this.#targets.set(node, target)
    this.#values += target.values
    return target.value
  }

  #lost(node: unknown, path: Path, message: string, fix?: string): undefined {
    this.whole = false
    this.#fault(node, path, message, fix)
  }

  #fault(node: unknown, path: Path, message: string, fix?: string): void {
    this.faults.push({ place: this.#place(startOf(node)), path, message, ...(fix && { fix }) })
  }

  /** The offset of what stands at a path, or of the nearest thing around it. */
  offsetOf(root: unknown, path: Path, part: 'key' | 'value'): number {
    let node = root
    for (const [depth, step] of path.entries()) {
      const inside = this.#targets.get(node)?.node ?? node
      if (isSeq(inside) && typeof step === 'number' && step in inside.items) {
        node = inside.items[step]
        continue
      }
      const pair = isMap(inside)
        ? inside.items.findLast(({ key }) => keyName(key) === String(step))
        : undefined
      if (!pair) break
      const empty = pair.value === null || (isScalar(pair.value) && pair.value.source === '')
      if ((part === 'key' && depth === path.length - 1) || empty) return startOf(pair.key)
      node = pair.value
    }
    return startOf(node)
  }
}

interface Target {
  node: unknown
  value: unknown
  values: number
  done: boolean
}

function within(path: Path): string {
  return path.length > 0 ? ` in ${pathText(path)}` : ''
}

/** The text of a key, as JSON would have it; undefined for a key that is a collection or an alias. */
function keyName(key: unknown): string | undefined {
  if (key === null) return ''
  return isScalar(key) ? (typeof key.value === 'string' ? key.value : (key.source ?? '')) : undefined
}

function startOf(node: unknown): number {
  return (node as { range?: [number, number, number] | null } | null)?.range?.[0] ?? 0
}
