/** Includes on disk: which files a path with wildcards names. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { maxBytes, pattern } from './among.ts'
import type { ConfigFile, ReadFiles } from './context.ts'

/** Reads includes from disk. Files that cannot be read, and folders, are left out. */
export function readFromDisk(): ReadFiles {
  return (path) => expand(path).flatMap((found) => readFile(found) ?? [])
}

function readFile(path: string): ConfigFile | undefined {
  try {
    const about = statSync(path)
    return !about.isFile() || about.size > maxBytes ? undefined : { path, text: readFileSync(path, 'utf8') }
  } catch {
    return undefined
  }
}

/** The files that a path names, sorted as the shell sorts them. */
function expand(path: string): string[] {
  if (!/[*?[]/.test(path)) return [path]
  const absolute = path.startsWith('/')
  const names = path.split('/').slice(absolute ? 1 : 0)
  let found = [absolute ? '/' : '']
  names.forEach((name, index) => {
    const last = index === names.length - 1
    if (!/[*?[]/.test(name)) {
      found = found.map((folder) => folder + name + (last ? '' : '/'))
      return
    }
    const wanted = pattern(name)
    found = found.flatMap((folder) =>
      namesIn(folder)
        .filter((entry) => wanted(entry) && !entry.startsWith('.'))
        .map((entry) => folder + entry + (last ? '' : '/')),
    )
  })
  return found
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder || '.').sort()
  } catch {
    return []
  }
}
