// Where the workers of a gateway find the sessions of each other (worker/session-exchange.ts): a name that nobody can guess, with
// the process id in it, so that the next start removes what one that was killed has left.
import { randomBytes } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The first worker that needs it makes it. */
export const sessionFolder = join(tmpdir(), `holdfast-${process.pid}-${randomBytes(8).toString('hex')}`)
process.once('exit', () => rmSync(sessionFolder, { recursive: true, force: true }))

/** The workers of here find the sessions, too, that are found in the folder of another supervisor. */
export function findSessionsIn(folder: string): void {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    // No route has sessions.
    return
  }
  mkdirSync(sessionFolder, { mode: 0o700, recursive: true })
  for (const name of names) symlinkSync(join(folder, name), join(sessionFolder, name))
}
