import { existsSync, realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * The workers' code as the command now finds it: a deployment may have pointed the link to this command at the folder
 * of another version. Undefined where the command was not started from a file of its own.
 */
export function workerProgram(): URL | undefined {
  try {
    const gateway = createRequire(realpathSync(process.argv[1]!)).resolve('@holdfast/gateway')
    const program = new URL('./worker-main.js', pathToFileURL(gateway))
    return existsSync(program) ? program : undefined
  } catch {
    return undefined
  }
}
