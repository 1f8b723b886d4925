// Servers of real frameworks, in processes of their own: the programs that docs/restarting-node.md shows. What they
// import is pinned in fixtures/frameworks of the test kit.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Child, closedPort, eventually, frameworksFolder, rawClient } from '@holdfast/testing'
import type { RestartOptions } from '../src/index.ts'

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
    const file = join(frameworksFolder, `server-${port}.mjs`)
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
