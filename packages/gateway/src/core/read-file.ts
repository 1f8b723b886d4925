// Reads the files that a configuration names. Whatever a path leads to, the answer comes, and within a time limit.
import { constants } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'

/** The most that a configuration, a certificate, a key or a module may measure. */
export const maxFileBytes = 1024 * 1024
/** Milliseconds that the reading of one file may take: a network file system may never answer. */
const readWithinMs = 5000
/** Milliseconds between two looks at a pipe in which nothing is yet. */
const lookEveryMs = 10

/** A descriptor that this process was given: `/dev/stdin` is what a shell's `-c <(command)` and a pipe lead to. */
const givenDescriptor = /^\/dev\/(stdin|fd\/\d+)$|^\/proc\/self\/fd\/\d+$/

/** Files whose reading did not end in time, until it does: each holds one of the few threads that there are. */
const unfinished = new Set<string>()

/**
 * Reads a file whole. Rejects with a system error, or with the code `EFBIG` (more than 1 MiB), `ENOTREG` (no regular
 * file) or `ETIMEDOUT`.
 */
export async function readFileLimited(path: string): Promise<Buffer> {
  if (unfinished.has(path)) throw failure('ETIMEDOUT')
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), readWithinMs)
  const reading = read(path, late.signal).finally(() => unfinished.delete(path))
  const tooLate = new Promise<never>((_, reject) => {
    late.signal.addEventListener('abort', () => {
      unfinished.add(path)
      reject(failure('ETIMEDOUT'))
    })
  })
  try {
    return await Promise.race([reading, tooLate])
  } finally {
    clearTimeout(timer)
    reading.catch(() => {})
  }
}

async function read(path: string, late: AbortSignal): Promise<Buffer> {
  // Opening a device can do things, such as rewinding a tape; opening a pipe waits for its other end.
  mustBeReadable(path, await stat(path))
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
  try {
    // It may be another one by now.
    mustBeReadable(path, await file.stat())
    return await readWhole(file, late)
  } finally {
    await file.close()
  }
}

function mustBeReadable(path: string, found: Awaited<ReturnType<typeof stat>>): void {
  if (found.isFile() || (found.isFIFO() && givenDescriptor.test(path))) return
  throw failure(found.isDirectory() ? 'EISDIR' : 'ENOTREG')
}

async function readWhole(file: FileHandle, late: AbortSignal): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(maxFileBytes + 1)
  let length = 0
  while (length < buffer.length && !late.aborted) {
    try {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length)
      if (bytesRead === 0) return buffer.subarray(0, length)
      length += bytesRead
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await pause(lookEveryMs)
    }
  }
  throw failure(late.aborted ? 'ETIMEDOUT' : 'EFBIG')
}

function failure(code: string): Error {
  return Object.assign(new Error(code), { code })
}
