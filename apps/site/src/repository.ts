// Where the documents and the built packages are that pages are made of.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the repository: the first folder above this file that has the workspace's lock file. */
export const repository = rootAbove(dirname(fileURLToPath(import.meta.url)))

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'package-lock.json'))) return folder
  const above = dirname(folder)
  if (above === folder) throw new Error('the site is built in a checkout of the repository')
  return rootAbove(above)
}
