// The public interface of the packages, read from the declarations that tsc has written. TypeScript 7 has no API for that
// yet; version 6 reads the same declarations.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript-6'

/** One thing that a package exports, or a member of it. */
export interface Item {
  readonly name: string
  readonly kind: 'function' | 'class' | 'interface' | 'type' | 'constant' | 'namespace' | 'member'
  /** Its declaration, without its body and its comments. */
  readonly signature: string
  /** Its docstring, in Markdown; '' when it has none. */
  readonly text: string
  /** What stands behind @default, @param, @returns, @throws: tag and text. */
  readonly tags: readonly (readonly [tag: string, text: string])[]
  readonly members: readonly Item[]
}

/** One entry of a package: what it is imported by, and what it exports. */
export interface Entry {
  /** '@holdfast/client/presets' */
  readonly specifier: string
  readonly items: readonly Item[]
  /** What it exports, too, and an earlier entry before it. */
  readonly elsewhere: readonly { readonly name: string; readonly specifier: string }[]
}

/** The packages with an interface, and the entries of each that are written by hand. */
const packages = ['client', 'restart', 'close-codes', 'doctor', 'gateway'] as const
const withoutItems = /^\.\/(package\.json|text\/.*|.*\.js)$/

/** Reads every entry of every package below `root`, which must be built. */
export function readApi(root: string): Entry[] {
  const found = packages.flatMap((name) => entriesOf(root, name))
  const missing = found.find(({ file }) => !existsSync(file))
  if (missing) throw new Error(`${missing.file} is missing: run npm run build`)
  const program = ts.createProgram(
    found.map(({ file }) => file),
    {
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      target: ts.ScriptTarget.ES2023,
      skipLibCheck: true,
      types: ['node'],
    },
  )
  const checker = program.getTypeChecker()
  const modules = found.map(({ file }) => checker.getSymbolAtLocation(program.getSourceFile(file)!)!)
  const exports = modules.map((module) => checker.getExportsOfModule(module))
  const context = { checker, pages: new Set(exports.flat().map((symbol) => targetOf(symbol, checker))) }
  const first = new Map<ts.Symbol, string>()
  return found.map(({ specifier }, index) => {
    const items: Item[] = []
    const elsewhere: { name: string; specifier: string }[] = []
    for (const symbol of exports[index]!) {
      const target = targetOf(symbol, checker)
      const before = first.get(target)
      first.set(target, before ?? specifier)
      if (before === undefined) items.push(exported(symbol, context))
      else elsewhere.push({ name: symbol.name, specifier: before })
    }
    return { specifier, items: items.sort(byName), elsewhere: elsewhere.sort(byName) }
  })
}

function entriesOf(root: string, name: string): { specifier: string; file: string }[] {
  const folder = join(root, 'packages', name)
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, { types?: string } | string>
  }
  return Object.entries(exports).flatMap(([path, target]) => {
    if (withoutItems.test(path) || typeof target === 'string' || !target.types) return []
    return [{ specifier: `@holdfast/${name}${path.slice(1)}`, file: join(folder, target.types) }]
  })
}

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1)

const targetOf = (symbol: ts.Symbol, checker: ts.TypeChecker) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol

/** What questions are asked of, and what has a place of its own in the pages. */
interface Context {
  readonly checker: ts.TypeChecker
  readonly pages: ReadonlySet<ts.Symbol>
}

function exported(symbol: ts.Symbol, context: Context): Item {
  const { checker } = context
  const target = targetOf(symbol, checker)
  const isModule = (target.flags & ts.SymbolFlags.ValueModule) > 0
  return {
    name: symbol.name,
    kind: kindOf(target),
    signature: isModule
      ? `namespace ${symbol.name}`
      : (target.declarations ?? []).map(signatureOf).join('\n'),
    text: isModule ? namespaceDoc(symbol, checker) : docOf(target, checker),
    tags: tagsOf(target),
    members: membersOf(target, context).map((member) => memberOf(member, checker)),
  }
}

/** The docstring of `export * as code` stands there, maybe some re-exports away. */
function namespaceDoc(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const text = docAt(symbol.declarations?.[0])
  if (text !== '' || !(symbol.flags & ts.SymbolFlags.Alias)) return text
  const next = checker.getImmediateAliasedSymbol(symbol)
  return next ? namespaceDoc(next, checker) : ''
}

function memberOf(symbol: ts.Symbol, checker: ts.TypeChecker): Item {
  const declarations = symbol.declarations ?? []
  return {
    name: symbol.name === '__constructor' ? 'constructor' : symbol.name,
    kind: 'member',
    signature: declarations.map(signatureOf).join('\n'),
    text: docOf(symbol, checker),
    tags: tagsOf(symbol),
    members: [],
  }
}

/**
 * Members that a user sees: none that is private, and none that is only a type parameter. Those of a base that the
 * package has for itself are among them; those of a base that has a page, or is not ours, are not.
 */
function membersOf(symbol: ts.Symbol, { checker, pages }: Context): ts.Symbol[] {
  if (symbol.flags & ts.SymbolFlags.ValueModule) return checker.getExportsOfModule(symbol)
  if (!(symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return []
  const own = [...(symbol.members?.values() ?? [])]
  const known = new Set(own.map(({ name }) => name))
  const isNew = ({ name }: ts.Symbol) => name !== 'prototype' && name !== '__constructor' && !known.has(name)
  const isOfHiddenBase = ({ declarations: [declaration] = [] }: ts.Symbol) => {
    if (!declaration || /node_modules/.test(declaration.getSourceFile().fileName)) return false
    const { name } = declaration.parent as ts.ClassDeclaration
    return name !== undefined && !pages.has(checker.getSymbolAtLocation(name)!)
  }
  const statics = [...(symbol.exports?.values() ?? [])].filter(isNew)
  const inherited = checker
    .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
    .filter((member) => isNew(member) && isOfHiddenBase(member))
  return [...own, ...statics, ...inherited].filter((member) => {
    const [declaration] = member.declarations ?? []
    if (!declaration || member.flags & ts.SymbolFlags.TypeParameter) return false
    const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected
    return (
      !(ts.getCombinedModifierFlags(declaration) & hidden) && !declaration.getText().startsWith('#private')
    )
  })
}

function kindOf({ flags }: ts.Symbol): Item['kind'] {
  if (flags & ts.SymbolFlags.Class) return 'class'
  if (flags & ts.SymbolFlags.Interface) return 'interface'
  if (flags & ts.SymbolFlags.TypeAlias) return 'type'
  if (flags & ts.SymbolFlags.Function) return 'function'
  return flags & ts.SymbolFlags.Module ? 'namespace' : 'constant'
}

const docOf = (symbol: ts.Symbol, checker: ts.TypeChecker) =>
  ts.displayPartsToString(symbol.getDocumentationComment(checker)).trim()

function docAt(declaration: ts.Declaration | undefined): string {
  const statement = declaration && ts.findAncestor(declaration, ts.isExportDeclaration)
  const [comment] = statement ? ts.getJSDocCommentsAndTags(statement) : []
  return comment ? (ts.getTextOfJSDocComment(comment.comment) ?? '').trim() : ''
}

function tagsOf(symbol: ts.Symbol): (readonly [string, string])[] {
  return symbol.getJsDocTags().map(({ name, text }) => [name, ts.displayPartsToString(text).trim()] as const)
}

/** The declaration as written, with the bodies of classes and interfaces left out: their members follow by themselves. */
function signatureOf(declaration: ts.Declaration): string {
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) {
    const source = declaration.getSourceFile().text
    return shown(source.slice(declaration.getStart(), declaration.members.pos).replace(/\{\s*$/, ''))
  }
  // A variable says `const` two levels above it.
  return shown((ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration).getText())
}

/** More lines than this say nothing to a reader: the type of a whole table of data. */
const maxLines = 60

function shown(text: string): string {
  const lines = text
    .replace(/^export (declare )?/, '')
    .replace(/;$/, '')
    .trim()
    .split('\n')
  return lines.length > maxLines ? [...lines.slice(0, 8), '    …', lines.at(-1)].join('\n') : lines.join('\n')
}
