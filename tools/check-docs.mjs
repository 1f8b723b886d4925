// Holds the documents to the project: links and paths exist, npm scripts and commands exist, headings that are
// linked to exist, everything that a package exports has a docstring, and the page about the log has its lines. Prints
// one line per fault; long files are only mentioned.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

const longFile = 400

const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'))
const read = (file) => readFileSync(join(root, file), 'utf8')
const run = (command, args) => spawnSync(command, args, { cwd: root, encoding: 'utf8' }).stdout ?? ''

const files = run('git', ['ls-files', '--cached', '--others', '--exclude-standard'])
  .split('\n')
  .filter((file) => file && existsSync(join(root, file)))
const documents = files.filter((file) => file.endsWith('.md'))
const faults = []

for (const file of documents) {
  const text = read(file)
  const prose = withoutFences(text)
  checkLinks(file, prose)
  checkPaths(file, prose)
  checkScripts(file, text)
}
checkNumbers(documents.filter((file) => file.startsWith('docs/decisions/')))
checkCommands('README.md')
checkLog('docs/logs.md')
for (const folder of folders('packages')) checkDocstrings(folder)

const long = files
  .filter((file) => /\.(ts|mjs)$/.test(file))
  .map((file) => [file, read(file).split('\n').length])
  .filter(([, lines]) => lines > longFile)
for (const [file, lines] of long) console.log(`note: ${file} has ${lines} lines, over ${longFile}`)

for (const fault of faults) console.log(fault)
console.log(`${documents.length} documents, ${faults.length} faults`)
process.exitCode = faults.length > 0 ? 1 : 0

function folders(path) {
  if (!existsSync(join(root, path))) return []
  const entries = readdirSync(join(root, path), { withFileTypes: true })
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name))
}

function withoutFences(text) {
  return text.replace(/^```.*?^```/gms, '')
}

/** No two decisions have one number, and each has it in its heading. */
function checkNumbers(decisions) {
  const numbers = decisions.map((file) => /(\d{4})-[^/]*$/.exec(file)?.[1])
  for (const [index, file] of decisions.entries()) {
    const number = numbers[index]
    if (!number) continue
    if (numbers.indexOf(number) !== index) faults.push(`${file}: another decision has the number ${number}`)
    if (!read(file).startsWith(`# ${Number(number)}. `))
      faults.push(`${file}: its heading has another number`)
  }
}

/** Relative links lead to a file, and their #part to one of its headings. */
function checkLinks(file, text) {
  for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue
    const [path, part] = target.split('#')
    const at = path ? join(dirname(file), path) : file
    if (!existsSync(join(root, at))) faults.push(`${file}: links to ${target}, which does not exist`)
    else if (part && at.endsWith('.md') && !anchors(read(at)).has(part)) {
      faults.push(`${file}: links to ${target}, but ${at} has no such heading`)
    }
  }
}

function anchors(text) {
  const headings = withoutFences(text).matchAll(/^#+ +(.*)$/gm)
  const slug = (heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-')
  const explicit = [...text.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, id]) => id)
  return new Set([...[...headings].map(([, heading]) => slug(heading)), ...explicit])
}

/** A path in backticks exists: from the root, from the document, or at the end of some file's path. */
function checkPaths(file, text) {
  for (const [, token] of text.matchAll(/`([^`\n]+)`/g)) {
    const path = token.replace(/[#:].*$/, '').replace(/^\.\//, '')
    if (!looksLikePath(path)) continue
    const bases = [root, join(root, dirname(file))]
    const found =
      bases.some((base) => existsSync(join(base, path))) ||
      files.some((known) => `/${known}`.endsWith(`/${path}`))
    if (!found) faults.push(`${file}: names \`${token}\`, which does not exist`)
  }
}

function looksLikePath(token) {
  if (!/^[\w.@-]+(\/[\w.@-]+)*\/?$/.test(token)) return false
  if (/\.(ts|tsx|mjs|md)$/.test(token)) return true
  const [first, ...rest] = token.split('/')
  return rest.length > 0 && first !== '' && existsSync(join(root, first))
}

/** `npm run NAME` and `npm test` name scripts of the workspace or of the package that the document is in. */
function checkScripts(file, text) {
  const manifests = ['package.json', join(dirname(file), 'package.json')].filter((path) =>
    existsSync(join(root, path)),
  )
  const known = new Set(manifests.flatMap((path) => Object.keys(JSON.parse(read(path)).scripts ?? {})))
  for (const [, name] of text.matchAll(/\bnpm run (?:--?[\w-]+ )*([\w:-]+)/g)) {
    if (!known.has(name)) faults.push(`${file}: names npm run ${name}, which is no script`)
  }
}

/** Commands in code, `holdfast NAME`, are commands of the built program. */
function checkCommands(file) {
  if (!existsSync(join(root, file)) || !existsSync(join(root, 'packages/cli/dist/main.js'))) return
  const help = run(process.execPath, ['packages/cli/dist/main.js', '--help'])
  const known = new Set([...help.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name))
  if (known.size === 0) {
    faults.push(`${file}: commands not checked, for the built program shows none with --help`)
    return
  }
  // 'holdfast listening on …' is what it says when it has started.
  known.add('listening')
  const text = read(file)
  const code = [...text.matchAll(/^```.*?^```/gms), ...withoutFences(text).matchAll(/`[^`\n]+`/g)].join('\n')
  for (const [, name] of code.matchAll(/(?:^|[\s`])holdfast ([a-z][\w-]*)/gm)) {
    if (!known.has(name)) faults.push(`${file}: names holdfast ${name}, which is no command`)
  }
}

/** The page has every line that is logged at `info` and above, where its words are constant, and no other. */
function checkLog(page) {
  if (!existsSync(join(root, page))) return
  const text = read(page)
  const shown = new Set(inCode(text))
  const sources = files.filter((file) => /^packages\/(?:gateway|cli)\/src\/.*\.ts$/.test(file))
  for (const file of sources) {
    for (const words of linesOfTheLog(file)) {
      // What begins with this is a bug of ours, and the page says so of all of them.
      if (!shown.has(words) && !words.startsWith('fault'))
        faults.push(`${page}: lacks the line "${words}", which ${file} logs`)
    }
  }
  const all = sources.map(read).join('\n')
  const [, lines = ''] = /^## Lines$(.*?)(?:^## |$(?![\s\S]))/ms.exec(text) ?? []
  for (const [, cell] of lines.matchAll(/^\| (.*?) \| (?:debug|info|warn|error|fatal)/gm)) {
    for (const words of inCode(cell)) {
      const [constant] = words.split('…')
      if (!all.includes(constant)) faults.push(`${page}: has the line "${words}", which nothing logs`)
    }
  }
}

/** The texts in backticks, single ones or a pair on each side. */
function inCode(text) {
  return [...text.matchAll(/`` (.+?) ``|`([^`\n]+)`/g)].map(([, one, other]) => one ?? other)
}

function linesOfTheLog(file) {
  const levels = ['info', 'warn', 'error', 'fatal']
  const found = []
  new Visitor({
    CallExpression({ callee, arguments: args }) {
      const name = callee.type === 'MemberExpression' && !callee.computed ? callee.property.name : ''
      const last = args.at(-1)
      if (levels.includes(name) && last?.type === 'Literal' && typeof last.value === 'string')
        found.push(last.value)
    },
  }).visit(parseSync(file, read(file)).program)
  return found
}

/** Every name that a package's index exports has a docstring where it is declared. */
function checkDocstrings(folder) {
  const index = join(folder, 'src/index.ts')
  if (!existsSync(join(root, index))) return
  for (const [module, names] of exportsOf(read(index))) {
    const source = module === '.' ? index : join(folder, 'src', module)
    const declared = declarations(read(source))
    for (const name of names ?? declared.keys()) {
      if (declared.get(name) === false)
        faults.push(`${relative('.', source)}: ${name} is exported without a docstring`)
    }
  }
}

/** Modules that an index hands on, with the names, or undefined for all; '.' is the index itself. */
function exportsOf(text) {
  const handed = [...text.matchAll(/export (?:type )?(\*|\{[^}]*\}) from '\.\/([^']+)'/g)]
  return [
    ['.', undefined],
    ...handed.map(([, what, module]) => [module, what === '*' ? undefined : namesIn(what)]),
  ]
}

function namesIn(braces) {
  const names = braces.slice(1, -1).split(',')
  return names
    .map(
      (name) =>
        name
          .trim()
          .replace(/^type /, '')
          .split(' as ')[0],
    )
    .filter(Boolean)
}

/** Exported declarations of a module and whether a docstring stands before each. */
function declarations(text) {
  const declared = new Map()
  const pattern =
    /^export (?:declare |abstract |async )*(?:const|let|function\*?|class|interface|type) (\w+)/gm
  for (const match of text.matchAll(pattern)) {
    const before = text.slice(0, match.index).trimEnd()
    // Overloads: the docstring of the first is enough.
    declared.set(match[1], declared.get(match[1]) || before.endsWith('*/'))
  }
  return declared
}
