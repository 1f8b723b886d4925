/** Includes among texts that are given. Nothing of Node here: the readers run in a page, too. */
import type { ConfigFile, ReadFiles } from './context.ts'
import { glob } from './glob.ts'

/** Larger files are no configurations. */
export const maxBytes = 4 * 1024 * 1024

/** Reads includes among files that are already there. */
export function readAmong(files: readonly ConfigFile[]): ReadFiles {
  return (path) => {
    const wanted = pattern(path)
    return files.filter((file) => wanted(file.path))
  }
}

/** A path with wildcards; none of them crosses a slash. */
export function pattern(path: string): (name: string) => boolean {
  return glob(path, { sets: true, stops: '/' })
}
