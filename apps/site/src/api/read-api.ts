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
  return found.map(({ specifier, file }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)
    const exports = module ? checker.getExportsOfModule(module) : []
    return { specifier, items: exports.map((symbol) => exported(symbol, checker)).sort(byName) }
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

const byName = (a: Item, b: Item) => (a.name < b.name ? -1 : 1)

function exported(symbol: ts.Symbol, checker: ts.TypeChecker): Item {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  const declarations = target.declarations ?? []
  // `export * as code`: its docstring stands at the export.
  const text = docOf(target, checker) || docAt(symbol.declarations?.[0])
  return {
    name: symbol.name,
    kind: kindOf(target),
    signature: declarations.map(signatureOf).join('\n'),
    text,
    tags: tagsOf(target),
    members: membersOf(target).map((member) => memberOf(member, checker)),
  }
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

/** Members that a user sees: none that is private, and none that is only a type parameter. */
function membersOf({ members, flags }: ts.Symbol): ts.Symbol[] {
  if (!(flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface))) return []
  return [...(members?.values() ?? [])].filter((member) => {
    const [declaration] = member.declarations ?? []
    if (!declaration || member.flags & ts.SymbolFlags.TypeParameter) return false
    const modifiers = ts.getCombinedModifierFlags(declaration)
    return !(modifiers & ts.ModifierFlags.Private) && !declaration.getText().startsWith('#private')
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
  if (ts.isSourceFile(declaration)) return ''
  if (ts.isClassDeclaration(declaration) || ts.isInterfaceDeclaration(declaration)) {
    const source = declaration.getSourceFile().text
    return source
      .slice(declaration.getStart(), declaration.members.pos)
      .replace(/^export (declare )?/, '')
      .replace(/\{\s*$/, '')
      .trim()
  }
  const whole = ts.isVariableDeclaration(declaration) ? declaration.parent : declaration
  const printer = ts.createPrinter({ removeComments: true })
  return printer
    .printNode(ts.EmitHint.Unspecified, whole, declaration.getSourceFile())
    .replace(/^export (declare )?/, '')
    .replace(/;$/, '')
}
