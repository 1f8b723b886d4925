// Servers of real frameworks, in processes of their own: the programs that docs/restarting-node.md shows. What they
// import is pinned in test/frameworks and installed below node_modules/.cache, since the project itself needs none of it.
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Child, closedPort, eventually, rawClient } from '@holdfast/testing'
import type { RestartOptions } from '../src/index.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const folder = here('../../../node_modules/.cache/restart-frameworks')
const pinned = ['package.json', 'package-lock.json']
const installTimeout = 240_000

/** Installs them unless they are there. Resolves with why they cannot be had; with undefined when they can. */
export async function installFrameworks(): Promise<string | undefined> {
  const lock = readFileSync(here('frameworks/package-lock.json'), 'utf8')
  const marker = join(folder, 'installed')
  if (existsSync(marker) && readFileSync(marker, 'utf8') === lock) return undefined
  if (process.env.HOLDFAST_NO_INSTALL) return 'HOLDFAST_NO_INSTALL is set'
  const fresh = `${folder}-${process.pid}`
  try {
    mkdirSync(fresh, { recursive: true })
    for (const file of pinned) copyFileSync(here(`frameworks/${file}`), join(fresh, file))
    const flags = ['--ignore-scripts', '--prefer-offline', '--loglevel=error']
    await promisify(execFile)('npm', ['ci', ...flags], { cwd: fresh, timeout: installTimeout })
    writeFileSync(join(fresh, 'installed'), lock)
    rmSync(folder, { recursive: true, force: true })
    renameSync(fresh, folder)
    return undefined
  } catch (error) {
    return `npm ci in test/frameworks failed: ${String(error).slice(0, 200)}`
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

/** The programs of a document under the headings above them; where there are several, each with what it imports. */
export function programs(document: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const section of readFileSync(document, 'utf8').split(/^## /m).slice(1)) {
    const [title = ''] = section.split('\n', 1)
    const codes = [...section.matchAll(/```js\n(.*?)```/gs)].map(([, code = '']) => code)
    for (const code of codes) {
      const [, library = ''] = [...code.matchAll(/from '([^']+)'/g)].at(-1) ?? []
      found.set(codes.length > 1 ? library : title, code)
    }
  }
  return found
}

/** A program of the kind that listens on port 3000 and says `gracefulRestart(server)`. */
export class FrameworkServer extends Child {
  static async start(program: string, path: string, options: RestartOptions, args: string[] = []) {
    const port = await closedPort()
    const file = join(folder, `server-${port}.mjs`)
    const more = `{ ...${JSON.stringify(options)}, log: (line) => console.log(line) }`
    const code = program
      .replaceAll('3000', String(port))
      .replace(/^gracefulRestart\((.*?)(, \{.*\})?\)$/m, (_, server, own = ', {}') => {
        return `gracefulRestart(${server}, { ...${more}, ...${own.slice(2)} })`
      })
    writeFileSync(file, code)
    // Some of them change their ways where they see that they are tested.
    const env = { CI: undefined, TEST: undefined, NODE_ENV: undefined }
    const server = new FrameworkServer(process.execPath, [file, ...args], env)
    server.#file = file
    server.url = `ws://localhost:${port}${path}`
    await eventually(
      'it takes a WebSocket',
      async () => server.exit !== undefined || (await server.#takes()),
      {
        limit: 30_000,
        detail: () => server.describe(),
      },
    )
    if (server.exit) throw new Error(`the server ended: ${server.describe()}`)
    return server
  }

  url = ''
  #file = ''

  async #takes(): Promise<boolean> {
    try {
      await using client = await rawClient(this.url)
      return client.status === 101
    } catch {
      return false
    }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]()
    rmSync(this.#file, { force: true })
  }
}
