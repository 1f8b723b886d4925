import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A runtime with a WebSocket of its own, and the arguments with which it shows it. */
export interface Runtime {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** Why it cannot be used; undefined when it can. */
  readonly missing: string | undefined
}

const { platform, arch } = process
const folder = '../../../node_modules/.cache/runtimes/node_modules'
const executable = (path: string) => fileURLToPath(new URL(`${folder}/${path}`, import.meta.url))
const major = Number(process.versions.node.split('.')[0])

function optional(name: string, path: string, args: readonly string[] = []): Runtime {
  const command = executable(path)
  return {
    name,
    command,
    args,
    missing: existsSync(command)
      ? undefined
      : `${name} is not here; node tools/other-runtimes.mjs installs it`,
  }
}

export const thisNode: Runtime = {
  name: `Node ${major} global`,
  command: process.execPath,
  args: major < 22 ? ['--experimental-websocket', '--no-warnings'] : [],
  missing: undefined,
}

export const nodeLts = optional('Node LTS global', `node-${platform}-${arch}/bin/node`)

/** The oldest line of Node that is kept up and has a WebSocket without a flag. */
export const node22 = optional('Node 22 global', `node22-${platform}-${arch}/bin/node`)

export const bun = optional('Bun', `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}/bin/bun`)

export const deno = optional('Deno', `@deno/${platform}-${arch}-glibc/deno`, ['run', '--allow-all'])
