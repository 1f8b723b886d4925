import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { folderWith, runTool } from './run-tool.ts'

function check(files: Record<string, string>) {
  using folder = folderWith(files)
  spawnSync('git', ['init', '--quiet'], { cwd: folder.path })
  return runTool('check-docs.mjs', [folder.path])
}

test('check-docs accepts links, paths, headings, scripts and docstrings that are there', () => {
  const { status, lines } = check({
    'package.json': '{ "scripts": { "build": "" } }',
    'README.md':
      'See [how](docs/how.md#two-words), `src/a.ts`, `a.ts`, `packages/p` and `/ws/*`. `npm run build`',
    'docs/how.md': '# Two words\n[back](../README.md) [out](https://example.com)\n```\n`no/such.ts`\n```',
    'packages/p/src/index.ts': "export { a, type B } from './a.ts'\n",
    'packages/p/src/a.ts':
      '/** A. */\nexport const a = 1\n\n/** B. */\nexport interface B {}\n\nexport const inner = 2\n',
  })
  expect(lines).toEqual(['2 documents, 0 faults'])
  expect(status).toBe(0)
})

test('check-docs names each thing that is not there', () => {
  const { status, lines } = check({
    'package.json': '{ "scripts": {} }',
    'README.md': '# One\n[a](gone.md) [b](#two) `tools/gone.mjs` `npm run gone`',
    'tools/here.mjs': '',
    'packages/p/src/index.ts': "export * from './a.ts'\nexport function f() {}\n",
    'packages/p/src/a.ts': 'export type A = 1\n',
  })
  expect(lines).toEqual([
    'README.md: links to gone.md, which does not exist',
    'README.md: links to #two, but README.md has no such heading',
    'README.md: names `tools/gone.mjs`, which does not exist',
    'README.md: names npm run gone, which is no script',
    'packages/p/src/index.ts: f is exported without a docstring',
    'packages/p/src/a.ts: A is exported without a docstring',
    '1 documents, 6 faults',
  ])
  expect(status).toBe(1)
})

test('check-docs wants every line of the log on its page, and no other there', () => {
  const page = (...cells: string[]) =>
    `# The log\n## Lines\n${cells.map((cell) => `| ${cell} | warn | |`).join('\n')}\n## More\n`
  const source = `log.warn({ a }, 'it is away')\nthis.#log.error('fault in a part')\nlog.info(\n  \`\${n} moved\`,\n)\n`
  const files = { 'packages/gateway/src/a.ts': source }
  const right = check({ ...files, 'docs/logs.md': page('`it is away`, `… moved`') })
  expect(right.lines).toEqual(['1 documents, 0 faults'])
  const { lines } = check({ ...files, 'docs/logs.md': page('`it has gone`') })
  expect(lines).toEqual([
    'docs/logs.md: lacks the line "it is away", which packages/gateway/src/a.ts logs',
    'docs/logs.md: has the line "it has gone", which nothing logs',
    '1 documents, 2 faults',
  ])
})
