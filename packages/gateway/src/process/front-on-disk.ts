// What fronts of the code now on disk would do, for whoever asks before an upgrade: a process of its own says it, and nothing else is started.
import { execFile } from 'node:child_process'

/** Milliseconds that it may take. */
const withinMs = 10_000

export interface FrontKind {
  /** Version of Node. */
  node: string | undefined
  /** The number of front-revision.ts; undefined of code that knows no fronts. */
  front: number | undefined
}

/** Asks the Node and the code on disk. `program`: that of a front. Undefined: they do not answer. */
export function frontOnDisk(program: URL): Promise<FrontKind | undefined> {
  const its = new URL('worker/front-revision.js', program)
  const code = `const none = (error) => { if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error; return {} }
const { frontRevision: front } = await import(${JSON.stringify(its.href)}).catch(none)
console.log(JSON.stringify({ node: process.version, front }))`
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '--eval', code],
      { timeout: withinMs },
      (error, answer) => resolve(error ? undefined : parsed(answer)),
    )
  })
}

function parsed(answer: string): FrontKind | undefined {
  try {
    return JSON.parse(answer) as FrontKind
  } catch {
    return undefined
  }
}
