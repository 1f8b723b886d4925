import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Child, startUpstream, wsClient } from '@holdfast/testing'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// What a user gets is not this folder but tarballs: these tests pack them, install them into an empty project and
// use them there.

const root = fileURLToPath(new URL('../../..', import.meta.url))
const run = promisify(execFile)

interface Manifest {
  name: string
  private?: boolean
  bin?: Record<string, string>
}

interface Package {
  name: string
  folder: string
  manifest: Manifest
  tarball: string
}

/** What npm says when the registry is out of reach. */
const offline = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH/

let project: string
let packages: Package[]
/** Why the tarballs could not be installed; undefined when they were. */
let notInstalled: string | undefined

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'holdfast-pack-'))
  packages = await packAll(project)
  await writeFile(join(project, 'package.json'), '{ "private": true, "type": "module" }')
  notInstalled = await install(packages.map(({ tarball }) => tarball))
}, 900_000)

afterAll(() => rm(project, { recursive: true, force: true }))

async function packAll(destination: string): Promise<Package[]> {
  const packed: Package[] = []
  for (const name of await readdir(join(root, 'packages'))) {
    const folder = join(root, 'packages', name)
    if (!existsSync(join(folder, 'package.json'))) continue
    const manifest: Manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
    if (manifest.private) continue
    const { stdout } = await run('npm', ['pack', '--json', '--pack-destination', destination], {
      cwd: folder,
    })
    const [{ filename }] = JSON.parse(stdout)
    packed.push({ name: manifest.name, folder, manifest, tarball: join(destination, filename) })
  }
  return packed
}

async function install(tarballs: string[]): Promise<string | undefined> {
  try {
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs], {
      cwd: project,
    })
    return undefined
  } catch (error) {
    const { stderr } = error as { stderr: string }
    if (!offline.test(stderr)) throw error
    return 'the registry is out of reach'
  }
}

/** Runs Node in the project and gives what it printed. */
async function node(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, args, { cwd: project })
  return stdout.trim()
}

/** The names that an import of the package gives, sorted. */
const names = 'console.log(Object.keys(all).filter((name) => name !== "module.exports").sort().join())'

describe('each package, installed from its tarball into an empty project', () => {
  test('imports as ESM and requires as CommonJS, with the same names', async ({ skip }) => {
    if (notInstalled) skip(notInstalled)
    for (const { name } of packages) {
      const esm = await node('--input-type=module', '-e', `import * as all from '${name}'; ${names}`)
      const cjs = await node('--input-type=commonjs', '-e', `const all = require('${name}'); ${names}`)
      expect(esm, name).not.toBe('')
      expect(cjs.replace(/\b__esModule,?/, ''), name).toBe(esm)
    }
  })

  test('has types that a strict project accepts', async ({ skip }) => {
    if (notInstalled) skip(notInstalled)
    const uses = packages.map(
      ({ name }, n) => `import * as p${n} from '${name}'\nexport const n${n}: object = p${n}`,
    )
    await writeFile(join(project, 'use.ts'), uses.join('\n'))
    // The consumer's own, not the packages': it has Node's types, as a project on Node has.
    await symlink(join(root, 'node_modules/@types'), join(project, 'types'))
    const flags = [
      '--strict',
      '--noEmit',
      '--module',
      'nodenext',
      '--target',
      'es2023',
      '--typeRoots',
      'types',
      '--types',
      'node',
    ]
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const said = await node(tsc, ...flags, 'use.ts').catch(({ stdout }: { stdout: string }) => stdout)
    // Declarations are checked too; those in other people's packages are not ours to fix.
    const ours = said
      .split('\n')
      .filter((line) => line.includes('error') && !/^node_modules\/(?!@?holdfast)/.test(line))
    expect(ours).toEqual([])
  })

  test('serves by its command', async ({ skip }) => {
    if (notInstalled) skip(notInstalled)
    const commands = packages.flatMap(({ manifest }) => Object.keys(manifest.bin ?? {}))
    expect(commands).toEqual(['holdfast'])
    const command = join(project, 'node_modules/.bin/holdfast')
    expect(await node(command, '--version')).toMatch(/^\d+\.\d+\.\d+/)
    await using upstream = await startUpstream()
    const flags = ['--listen', '127.0.0.1:0', '--admin', 'off', '--upstream', upstream.url]
    await using child = new Child(command, ['serve', ...flags])
    const url = await child.line('holdfast listening', (line) => /ws:\S+/.exec(line)?.[0])
    await using client = wsClient(url)
    await client.opened
    client.send('packed')
    expect(await client.message()).toBe('packed')
    child.signal('SIGTERM')
    expect(await child.exited).toEqual({ code: 0, signal: null })
  })

  test('has its licence, its readme, its types, and no sources or tests', async () => {
    for (const { name, tarball } of packages) {
      const { stdout } = await run('tar', ['-tzf', tarball])
      const files = stdout.trim().split('\n')
      const wanted = [
        'package/LICENSE',
        'package/README.md',
        'package/dist/index.js',
        'package/dist/index.d.ts',
      ]
      expect(
        wanted.filter((file) => !files.includes(file)),
        name,
      ).toEqual([])
      expect(
        files.filter((file) => /\/(src|test)\/|tsbuildinfo/.test(file)),
        name,
      ).toEqual([])
    }
  })

  test('gives publint nothing to say', async () => {
    for (const { name, folder } of packages) {
      const { messages, pkg } = await publint({ pkgDir: folder, strict: true })
      expect(
        messages.map((message) => formatMessage(message, pkg)),
        name,
      ).toEqual([])
    }
  })
})
