import { fileURLToPath } from 'node:url'
import { Child, type Exit } from './child.ts'
import { awaitedLater } from './eventually.ts'
import { runtime } from './runtime.ts'

/** The built command. */
export const holdfastMain = fileURLToPath(new URL('../../packages/cli/dist/main.js', import.meta.url))

export interface RunOptions {
  env?: Record<string, string | undefined>
  /** Milliseconds that it may take. Default: that of `eventually`. */
  limit?: number
}

/** Runs the `holdfast` command to its end. */
export function runHoldfast(args: string[], options: RunOptions = {}): Promise<Ran> {
  return awaitedLater(run(args, options))
}

type Ran = Exit & { stdout: string; stderr: string }

async function run(args: string[], { env, limit }: RunOptions): Promise<Ran> {
  await using child = new Child(runtime().path, [holdfastMain, ...args], env)
  const what = `the end of holdfast ${args.join(' ')}`
  const exit = await child.changes.until(what, () => child.exit, { limit, detail: () => child.describe() })
  return { ...exit, stdout: child.stdout.join('\n'), stderr: child.stderr.join('\n') }
}
