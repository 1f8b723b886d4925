// Holds every block of the guides to the program that reads it.
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { certificate, runHoldfast } from '@holdfast/testing'
import { describe, expect, test } from 'vitest'
import { commandLine } from '../command-line.ts'
import { type Block, blocksOf, folderWith, guides, root } from './guide.ts'

const blocks = guides.flatMap(blocksOf)
const of = (...languages: string[]) =>
  blocks
    .filter(({ language }) => languages.includes(language))
    .map((block) => [`docs/${block.guide}.md:${block.line} ${block.name}`, block] as const)

/** What a test starts, and what it only reads. */
const languages = ['caddyfile', 'haproxy', 'js', 'nginx', 'sh', 'text', 'ts', 'yaml']

test('every block says what it is', () => {
  const strange = blocks.filter(({ language }) => !languages.includes(language))
  expect(strange.map(({ guide, line, language }) => `${guide}.md:${line} ${language}`)).toEqual([])
  const nameless = blocks.filter(
    ({ language, name }) => !['sh', 'text', 'js', 'ts'].includes(language) && !name,
  )
  expect(nameless.map(({ guide, line }) => `${guide}.md:${line}`)).toEqual([])
})

const ours = of('yaml').filter(([, { name }]) => /^(?:holdfast|proxy-protocol)\.yaml/.test(name))

test.each(ours)('%s is accepted by holdfast validate, without a warning', async (_, { text }) => {
  const { cert, key } = certificate()
  using folder = folderWith({ 'holdfast.yaml': text, 'cert.pem': cert, 'key.pem': key, 'ca.pem': cert })
  const env = { HOLDFAST_ADMIN_TOKEN: 'secret' }
  const result = await runHoldfast(['validate', '-c', join(folder.path, 'holdfast.yaml')], { env })
  // The certificate of the tests is for localhost, and the guides' names are not.
  const warnings = result.stderr
    .split('\n')
    .filter((line) => line && !line.includes('is a name that no certificate bears'))
  expect({ code: result.code, warnings }).toEqual({ code: 0, warnings: [] })
})

const programs = {
  nginx: '/usr/sbin/nginx',
  haproxy: '/usr/sbin/haproxy',
  caddyfile: '/usr/bin/caddy',
} as const

/** The program's own check of a configuration; what it says when it is wrong. */
function refusal({ language, text }: Block): string {
  const whole = language === 'nginx' ? `pid pid; error_log stderr;\nevents {}\nhttp {\n${text}}\n` : text
  using folder = folderWith({ config: whole })
  const file = join(folder.path, 'config')
  const args = {
    nginx: ['-t', '-q', '-p', folder.path, '-c', file],
    haproxy: ['-c', '-f', file],
    caddyfile: ['validate', '--adapter', 'caddyfile', '--config', file],
  }[language as keyof typeof programs]
  const env = { ...process.env, HOME: folder.path, XDG_DATA_HOME: folder.path, XDG_CONFIG_HOME: folder.path }
  const { status, stdout, stderr } = spawnSync(programs[language as keyof typeof programs], args, {
    encoding: 'utf8',
    env,
  })
  return status === 0 ? '' : stdout + stderr
}

const absent = (language: string) =>
  spawnSync('test', ['-x', programs[language as keyof typeof programs]]).status !== 0

test.each(of('nginx', 'haproxy', 'caddyfile'))('%s is accepted by the program that it is for', (_, block) => {
  if (!absent(block.language)) expect(refusal(block)).toBe('')
})

describe('the programs of the guides', () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')

  test.each(of('js', 'ts'))('%s passes the type checker', (_, { language, text, name }) => {
    const file = `program.${language === 'ts' ? 'mts' : 'mjs'}`
    using folder = folderWith({ [file]: text })
    const options = [
      '--noEmit',
      '--allowJs',
      '--checkJs',
      '--strict',
      '--noImplicitAny',
      'false',
      '--skipLibCheck',
    ]
    const language_ = ['--target', 'es2023', '--module', 'nodenext', '--lib', 'es2023,dom', '--types', 'node']
    let said = ''
    try {
      execFileSync(process.execPath, [tsc, ...options, ...language_, file], {
        cwd: folder.path,
        encoding: 'utf8',
      })
    } catch (error) {
      said = (error as { stdout: string }).stdout
    }
    expect(said, name).toBe('')
  })
})

describe('the commands of the guides', () => {
  const commands = of('sh', 'text').flatMap(([where, { text }]) =>
    [...text.matchAll(/(?:^|[;|&]\s*|npx )holdfast ([a-z]+)([^\n|;&]*)/gm)]
      .filter(([, name]) => name !== 'listening')
      .map(([, name, rest]) => [where, name!, rest!] as const),
  )

  test('are commands of holdfast, with flags that these have', async () => {
    expect(commands.length).toBeGreaterThan(0)
    for (const [where, name, rest] of commands) {
      const { status, stdout } = await commandLine(`${name} --help`)
      expect([where, name, status]).toEqual([where, name, 0])
      for (const [flag] of rest.replace(/ #.*/, '').matchAll(/(?<= )--?[a-z][a-z-]*/g)) {
        expect(`${where}: ${name}\n${stdout}`).toContain(flag)
      }
    }
  })

  test.each(of('sh'))('%s is read by the shell', (_, { text }) => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})
