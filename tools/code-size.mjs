// How long files and functions are, and which are longer than the rules of CONTRIBUTING.md say: docs/decisions/0080.
// node tools/code-size.mjs [--list]
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseSync } from 'oxc-parser'

const [mostFile, mostFunction] = [300, 60]
const source = /^(packages\/[^/]+\/src|apps\/[^/]+\/src|testing\/src|bench|tools)\/.*\.(ts|tsx|mjs|js)$/
const tracked = execFileSync('git', ['ls-files'], { encoding: 'utf8', maxBuffer: 1e8 }).split('\n')
const files = []
const functions = []
for (const name of tracked.filter((one) => source.test(one))) {
  const text = readFileSync(name, 'utf8')
  files.push({ name, lines: linesOf(text) - 1 })
  walk(parseSync(name, text).program, name, text)
}

function linesOf(text) {
  return text.split('\n').length
}

function walk(node, name, text) {
  if (node === null || typeof node !== 'object') return
  if (/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) {
    const at = `${name}:${linesOf(text.slice(0, node.start))}`
    if (node.body?.type === 'BlockStatement')
      functions.push({ name: at, lines: linesOf(text.slice(node.start, node.end)) })
  }
  for (const inner of Object.values(node)) walk(inner, name, text)
}

function at(all, share) {
  const sorted = all.map(({ lines }) => lines).sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) * share)]
}

for (const part of ['', 'packages/gateway/src']) {
  const [inFiles, inFunctions] = [files, functions].map((all) =>
    all.filter(({ name }) => name.startsWith(part)),
  )
  const long = inFiles.filter(({ lines }) => lines > mostFile).length
  const longFunctions = inFunctions.filter(({ lines }) => lines > mostFunction).length
  console.log(
    `${part || 'all'}: ${inFiles.length} files, median ${at(inFiles, 0.5)}, ${long} above ${mostFile}; ` +
      `functions: median ${at(inFunctions, 0.5)}, p90 ${at(inFunctions, 0.9)}, ${longFunctions} above ${mostFunction}`,
  )
}
if (process.argv.includes('--list')) {
  const long = [
    ...files.filter(({ lines }) => lines > mostFile),
    ...functions.filter(({ lines }) => lines > mostFunction),
  ]
  for (const { name, lines } of long.sort((a, b) => b.lines - a.lines)) console.log(`${lines} ${name}`)
}
