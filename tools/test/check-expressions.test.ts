import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { folderWith, runTool } from './run-tool.ts'

function check(files: Record<string, string>) {
  using folder = folderWith(files)
  spawnSync('git', ['init', '--quiet'], { cwd: folder.path })
  return runTool('check-expressions.mjs', [folder.path])
}

const wrong = {
  'two stars that share characters': '/^:[\\t ]*((?:[!-~][\\t -~]*)?)[\\t ]*$/',
  'a star that can start anywhere': '/\\s+$/',
  'a star whose prefix fits into it': '/<!--.*-->/',
  'the same behind a group': '/<(style|script)\\b.*?<\\/\\1>/gis',
  'three stars': '/a.*b.*c/',
  'nested stars, which are exponential': '/^(\\w+\\s?)*$/',
  'two alternatives that are one, which is exponential': '/^(?:a|a)*$/',
  'an expression that is made of a string': "new RegExp('\\\\s+$')",
}

test('check-expressions refuses each form that is not linear, and says where it stands', () => {
  const files = Object.values(wrong).map((expression, i) => [`src/${i}.ts`, `\nvoid ${expression}\n`])
  const { status, lines } = check(Object.fromEntries(files))
  const missed = Object.keys(wrong).filter(
    (_, i) =>
      !lines.some((line) => line.startsWith(`src/${i}.ts:2: /`) && /quadratic|nomial|exponential/.test(line)),
  )
  expect(missed).toEqual([])
  expect(status).toBe(1)
})

const right = {
  'a beginning and a star': '/^a+b$/',
  'stars that a character parts': '/^(\\w+)-(\\w+)$/',
  'a star whose prefix cannot be in it': '/\\{(\\w+)\\}/g',
  'an expression that sticks to one place': '/[ \\t]*(,)/y',
  'a star behind the beginning of a line that it does not leave': '/^a.*b/m',
}

test('check-expressions accepts what is linear, and leaves out tests', () => {
  const files = Object.values(right).map((expression, i) => [`src/${i}.ts`, `void ${expression}\n`])
  expect(check({ ...Object.fromEntries(files), 'test/a.ts': 'void /\\s+$/' })).toEqual({
    status: 0,
    lines: ['5 expressions, 0 faults'],
  })
})
